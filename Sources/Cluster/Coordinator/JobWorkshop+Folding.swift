import Foundation
import Inputs
import Logging
import Wire
import Work

extension JobWorkshop {
    /// A shard was committed: folds on, up to the first shard that is not. Many calls at once are one step.
    func shardsCommitted(_ job: StoredJob) {
        guard folds.withLock({ $0.waiting.insert(job.id).inserted }) else { return }
        folding.async { [self] in
            folds.withLock { _ = $0.waiting.remove(job.id) }
            if advance(job) { shardsCommitted(job) }
        }
    }

    /// Ends a job whose shards are all committed, except those in `missing`: folds what is left, writes the bundle, stores its
    /// files or what went wrong. Then `done` runs on a queue, also if the job has ended otherwise or goes on because a shard
    /// was taken back. It does not run for an order that another order or `forget` has replaced.
    ///
    /// Missing shards are skipped on a copy: the snapshot stays before the first of them, for when they come after all.
    func finish(_ job: StoredJob, missing: [Int: InputError], done: @escaping @Sendable () -> Void) {
        let order = UUID()
        folds.withLock { $0.orders[job.id] = order }
        folding.async { [self] in finishNow(job, missing: missing, order: order, done: done) }
    }

    /// Drops what was folded of a job that was called off or failed, snapshot and all.
    func forget(_ job: JobID) {
        folds.withLock { $0.orders[job] = nil }
        folding.async { [self] in drop(job) }
    }

    /// A committed shard was taken back: the job is folded from the start.
    func reset(_ job: StoredJob) {
        forget(job.id)
    }

    /// Ends what is under way: the coordinator leaves, and the next one does it again.
    func end() {
        folds.withLock { $0.orders = [:] }
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
        guard isCurrent(order, of: job.id) else { return }
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
            let fold = try withSession(of: job) { try completed(&$0, job, digests: digests, missing: missing) }
            bundling(of: job.id).async { [self] in
                let outcome = Result { try publish(job, fold, digests, order) }
                folding.async { [self] in
                    conclude(job, outcome, digests: digests, missing: missing, order: order, done: done)
                }
            }
        } catch {
            conclude(job, .failure(error), digests: [], missing: missing, order: order, done: done)
        }
    }

    /// The end that was ordered is no longer wanted.
    private struct Lapsed: Error {}

    /// What follows from a bundle that was written, or was not.
    private func conclude(
        _ job: StoredJob, _ outcome: Result<Bool, any Error>, digests: [Digest?], missing: [Int: InputError],
        order: UUID, done: @escaping @Sendable () -> Void
    ) {
        switch outcome {
        case .success(true):
            close(job.id, keepingSnapshot: digests.contains(nil))
            done()
        case .failure where !isCurrent(order, of: job.id): return
        case .success(false):
            logger.warning("not finished: committed shards have changed", metadata: ["job": "\(job.id)"])
            done()
        case .failure(let error as InputError) where error.kind == .temporary:
            logger.error("the fold is tried again soon", metadata: ["job": "\(job.id)", "error": "\(error)"])
            again(on: folding) { $0.finishNow(job, missing: missing, order: order, done: done) }
        case .failure(let error):
            drop(job.id)
            fail(job, error, during: "the fold", on: folding, done: done)
        }
    }

    private func isCurrent(_ order: UUID, of job: JobID) -> Bool {
        folds.withLock { $0.orders[job] == order }
    }

    /// The queue on which a job's bundles are written, which may take long: not the one on which all jobs are folded.
    private func bundling(of job: JobID) -> DispatchQueue {
        folds.withLock { folds in
            let queue = folds.bundling[job] ?? DispatchQueue(label: "actdiff.bundle", target: bundling)
            folds.bundling[job] = queue
            return queue
        }
    }

    /// The fold of all shards. The session itself goes no further than to the first that is missing.
    private func completed(
        _ session: inout FoldSession, _ job: StoredJob, digests: [Digest?], missing: [Int: InputError]
    ) throws -> any WorkFold {
        while session.nextShard < digests.count, let digest = digests[session.nextShard] {
            try fold(&session, job, digest)
        }
        guard session.nextShard < digests.count else { return session.folding }
        save(&session, job)
        var folding = session.folding
        for shard in session.nextShard..<digests.count {
            if digests[shard] != nil {
                try folding.fold(store.result(shard, of: job))
            } else if let error = missing[shard] {
                try folding.skip(error)
            }
        }
        return folding
    }

    /// Writes the bundle, puts it in its place and notes it. A bundle that is there already is of an earlier end of this
    /// job, or of a coordinator that was ended just now: it is never looked at, and replaced.
    ///
    /// False where other results are committed by now. Throws `Lapsed` soon after the order was taken back.
    private func publish(
        _ job: StoredJob, _ folding: any WorkFold, _ digests: [Digest?], _ order: UUID
    ) throws -> Bool {
        let checkCancelled = { [self] in if !isCurrent(order, of: job.id) { throw Lapsed() } }
        try checkCancelled()
        let bundle = Bundle(folder: folder.bundle(of: job.id.text))
        let draft = bundle.draft
        do {
            try folding.write(
                into: draft,
                provenance: FoldProvenance(contentDigests: digests, numberSystems: store.numberSystems(of: job)),
                checkCancelled: checkCancelled)
            try checkCancelled()
            try bundle.take(draft)
        } catch {
            // The error that led here is the one to tell; the next start clears away what stays.
            try? Bundle.remove(draft)
            throw error
        }
        return try store.finish(job, files: bundle.files(), digests: digests)
    }

    private func fold(_ session: inout FoldSession, _ job: StoredJob, _ digest: Digest) throws {
        try session.fold(store.result(session.nextShard, of: job), digest: digest)
        if session.savedAt.duration(to: .now) >= policy.betweenSnapshots { save(&session, job) }
    }
}
