import Diffing
import Foundation
import Inputs
import Logging
import Wire

extension JobWorkshop {
    /// A shard was committed: folds on, up to the first shard that is not. Many calls at once are one step.
    func shardsCommitted(_ job: StoredJob) {
        guard folds.withLock({ $0.waiting.insert(job.id).inserted }) else { return }
        folding.async { [self] in
            folds.withLock { _ = $0.waiting.remove(job.id) }
            if advance(job) { shardsCommitted(job) }
        }
    }

    /// Ends a job whose shards are all committed, but for those in `missing`: folds what is left, writes the bundle, and
    /// stores its files, or what went wrong. `done` then runs on a queue; it also does where the job has ended otherwise,
    /// or goes on because a shard was taken back meanwhile, but not for an order that was followed by another or by
    /// `forget`.
    ///
    /// Missing shards are skipped on a copy: the checkpoint stays before the first of them, for when they come after all.
    func finish(_ job: StoredJob, missing: [Int: InputError], done: @escaping @Sendable () -> Void) {
        let order = UUID()
        folds.withLock { $0.orders[job.id] = order }
        folding.async { [self] in finishNow(job, missing: missing, order: order, done: done) }
    }

    /// Drops what was folded of a job that was called off or failed, checkpoint and all.
    func forget(_ job: JobID) {
        folds.withLock { $0.orders[job] = nil }
        folding.async { [self] in drop(job) }
    }

    /// A committed shard was taken back: the job is folded from the start.
    func reset(_ job: StoredJob) {
        forget(job.id)
    }

    // MARK: Steps on the folding queue

    /// Folds some of the shards that are committed; true when there may be more.
    private func advance(_ job: StoredJob) -> Bool {
        guard !folds.withLock({ $0.stalled.contains(job.id) }) else { return false }
        do {
            let isOpen = folds.withLock { $0.sessions[job.id] != nil }
            guard try isOpen || !store.committed(of: job, from: 0, limit: 1).isEmpty else { return false }
            return try withSession(of: job) { session in
                let digests = try store.committed(of: job, from: session.nextShard, limit: policy.shardsAtOnce)
                for digest in digests { try fold(&session, job, digest) }
                return digests.count == policy.shardsAtOnce
            }
        } catch {
            folds.withLock { _ = $0.stalled.insert(job.id) }
            logger.warning(
                "the fold waits for the job's other shards", metadata: ["job": "\(job.id)", "error": "\(error)"])
            return false
        }
    }

    private func finishNow(
        _ job: StoredJob, missing: [Int: InputError], order: UUID, done: @escaping @Sendable () -> Void
    ) {
        guard folds.withLock({ $0.orders[job.id] == order }) else { return }
        do {
            // It may have been cancelled while the fold waited for its turn, and its results with it.
            guard try store.job(job.id)?.state == .running else {
                drop(job.id)
                return done()
            }
            let digests = try store.shards(of: job).map { $0.committed?.digest }
            if let open = digests.indices.first(where: { digests[$0] == nil && missing[$0] == nil }) {
                logger.warning(
                    "not finished: a shard was taken back", metadata: ["job": "\(job.id)", "shard": "\(open)"])
                return done()
            }
            try dropUnlessCurrent(job, digests)
            let folding = try withSession(of: job) { try completed(&$0, job, digests: digests, missing: missing) }
            guard try publish(job, folding, digests) else {
                logger.warning("not finished: committed shards have changed", metadata: ["job": "\(job.id)"])
                return done()
            }
            close(job.id, keepingCheckpoint: digests.contains(nil))
        } catch let error as InputError where error.kind == .temporary {
            logger.error("the fold is tried again soon", metadata: ["job": "\(job.id)", "error": "\(error)"])
            return again(on: folding) { $0.finishNow(job, missing: missing, order: order, done: done) }
        } catch {
            drop(job.id)
            return fail(job, error, during: "the fold", on: folding, done: done)
        }
        done()
    }

    /// The fold of all shards. The session itself goes no further than to the first that is missing.
    private func completed(
        _ session: inout FoldSession, _ job: StoredJob, digests: [Digest?], missing: [Int: InputError]
    ) throws -> any JobFolding {
        while session.nextShard < digests.count, let digest = digests[session.nextShard] {
            try fold(&session, job, digest)
        }
        guard session.nextShard < digests.count else { return session.folding }
        save(&session, job)
        var folding = session.folding
        for shard in session.nextShard..<digests.count {
            if let digest = digests[shard] {
                try folding.fold(result(shard, of: job, digest: digest))
            } else if let error = missing[shard] {
                try folding.skip(error)
            }
        }
        return folding
    }

    /// Writes the bundle, puts it in its place and notes it. A bundle that is there already is of an earlier end of this
    /// job, or of a coordinator that was ended just now: it is never looked at, and replaced.
    ///
    /// False where other results are committed by now.
    private func publish(_ job: StoredJob, _ folding: any JobFolding, _ digests: [Digest?]) throws -> Bool {
        let bundle = Bundle(folder: folder.bundle(of: job.id.text))
        let draft = bundle.draft
        do {
            try folding.write(into: draft, digests: digests, instructionSets: store.instructionSets(of: job))
            try bundle.take(draft)
        } catch {
            // The error that led here is the one to tell; the next start clears away what stays.
            try? Bundle.remove(draft)
            throw error
        }
        return try store.finish(job, files: bundle.files(), digests: digests)
    }

    private func fold(_ session: inout FoldSession, _ job: StoredJob, _ digest: Digest) throws {
        try session.fold(result(session.nextShard, of: job, digest: digest), digest: digest)
        if session.savedAt.duration(to: .now) >= policy.betweenCheckpoints { save(&session, job) }
    }

    /// A stored result. What was checked on the way in is checked again: disks forget, too.
    private func result(_ shard: Int, of job: StoredJob, digest: Digest) throws -> ShardResult {
        let work = try store.work(LeaseID(job: job.id, shard: shard, epoch: 0))
        let bytes = try store.result(job.id, shard: shard)
        let result: ShardResult
        do {
            result = try ShardResultCodec.decode(bytes, task: Self.task(of: job), work: work)
        } catch let error as WireError {
            throw InputError(
                "job \(job.id), shard \(shard): \(error.what)", expected: error.expected, found: error.found)
        }
        let found = try ShardResultCodec.digest(of: result)
        guard found == digest else {
            throw InputError(
                "job \(job.id), shard \(shard)", expected: "a stored result with digest \(digest)", found: "\(found)")
        }
        return result
    }

    static func task(of job: StoredJob) throws -> DiffTask {
        guard let task = job.task else {
            throw InputError("job \(job.id)", expected: "a planned job", found: "no task", kind: .configuration)
        }
        return task
    }
}
