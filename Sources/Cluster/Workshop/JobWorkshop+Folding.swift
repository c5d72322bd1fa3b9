import Foundation
import Inputs
import Logging
import Wire
import Work

extension JobWorkshop {
    /// A shard was committed: folds on, up to the first shard that is not. Many calls at once are one step.
    func shardsCommitted(_ job: StoredJob) {
        guard folds.withLock({ $0.waiting.insert(job.id).inserted }) else { return }
        queue(of: job.id).async { [self] in
            folds.withLock { _ = $0.waiting.remove(job.id) }
            if advance(job) { shardsCommitted(job) }
        }
    }

    /// Ends a job whose shards are all committed, except those in `missing`: folds what is left, writes the bundle, stores its
    /// files or what went wrong. Then `done` runs on a queue, also if the job has ended otherwise or goes on because a shard
    /// was taken back. It does not run for an order that another order or `forget` has replaced.
    ///
    /// The snapshot stays before the first missing shard, for when it comes after all.
    func finish(_ job: StoredJob, missing: [Int: InputError], done: @escaping @Sendable () -> Void) {
        let order = UUID()
        folds.withLock { $0.orders[job.id] = order }
        queue(of: job.id).async { [self] in finishNow(job, missing: missing, order: order, done: done) }
    }

    /// Ends what is under way for a job that was called off or failed, and drops what was folded, snapshot and all.
    func forget(_ job: JobID) {
        let stop = folds.withLock { folds in
            folds.orders[job] = nil
            return folds.stops.removeValue(forKey: job)
        }
        stop?.stop()
        queue(of: job).async { [self] in drop(job) }
    }

    /// A committed shard was taken back: the job is folded from the start.
    func reset(_ job: StoredJob) {
        forget(job.id)
    }

    /// Ends what is under way: the coordinator leaves, and the next one does it again.
    func end() {
        let stops = folds.withLock { folds in
            folds.orders = [:]
            defer { folds.stops = [:] }
            return folds.stops.values
        }
        for stop in stops { stop.stop() }
        // The coordinator does not die of these plans.
        try? store.forgetPlannings()
    }

    // MARK: Steps on a job's queue

    /// Folds some of the shards that are committed; true when there may be more.
    private func advance(_ job: StoredJob) -> Bool {
        let isOpen = folds.withLock { folds in
            folds.stalled.contains(job.id)
                ? nil : folds.open.contains(job.id) || folds.open.count < policy.mostEarlyFolds
        }
        guard isOpen == true else { return false }
        do {
            guard
                try folds.withLock({ $0.open.contains(job.id) }) || !store.committed(of: job, from: 0, limit: 1).isEmpty
            else { return false }
            return try withSession(of: job) { session in
                let digests = try store.committed(of: job, from: session.nextShard, limit: policy.shardsAtOnce)
                for digest in digests { try fold(&session, job, digest) }
                return digests.count == policy.shardsAtOnce
            }
        } catch is StopSignal.Stopped {
            return false
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
        var digests: [Digest?] = []
        let outcome = Result<Bool, any Error> {
            // It may have been cancelled while the fold waited for its turn, and its results with it.
            guard try store.job(job.id)?.state == .running else {
                drop(job.id)
                return false
            }
            digests = try store.shards(of: job).map { $0.committed?.digest }
            if let open = digests.indices.first(where: { digests[$0] == nil && missing[$0] == nil }) {
                logger.warning(
                    "not finished: a shard was taken back", metadata: ["job": "\(job.id)", "shard": "\(open)"])
                return false
            }
            try dropUnlessCurrent(job, digests)
            return try withSession(of: job) { session in
                try complete(&session, job, digests: digests, missing: missing)
                try passAgain(over: digests, session, job, order)
                let isPublished = try publish(job, session.folding, digests, order)
                if !isPublished {
                    logger.warning("not finished: committed shards have changed", metadata: ["job": "\(job.id)"])
                }
                return isPublished
            }
        }
        conclude(job, outcome, digests: digests, missing: missing, order: order, done: done)
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
        case .success(false): done()
        case .failure where !isCurrent(order, of: job.id): return
        case .failure(let error as InputError) where error.kind == .temporary:
            logger.error("the fold is tried again soon", metadata: ["job": "\(job.id)", "error": "\(error)"])
            foldDelayed()
            again(on: queue(of: job.id)) { $0.finishNow(job, missing: missing, order: order, done: done) }
        case .failure(let error):
            drop(job.id)
            fail(job, error, during: "the fold", on: jobs, done: done)
        }
    }

    private func isCurrent(_ order: UUID, of job: JobID) -> Bool {
        folds.withLock { $0.orders[job] == order }
    }

    /// Folds all shards. A session with a shard left out is good for its bundle only.
    private func complete(
        _ session: inout FoldSession, _ job: StoredJob, digests: [Digest?], missing: [Int: InputError]
    ) throws {
        while session.nextShard < digests.count {
            let shard = session.nextShard
            if let digest = digests[shard] {
                try fold(&session, job, digest)
            } else if let error = missing[shard] {
                if !session.isSpent { save(&session, job) }
                try session.skip(error)
            }
        }
    }

    /// Shows the fold all results once more, where it wants that. What was folded stays: an end that is tried again, in this
    /// coordinator or in the next one, begins this pass anew. Throws `Lapsed` soon after the order was taken back.
    private func passAgain(over digests: [Digest?], _ session: FoldSession, _ job: StoredJob, _ order: UUID) throws {
        guard try session.folding.beginSecondPass() else { return }
        for shard in digests.indices where digests[shard] != nil {
            if !isCurrent(order, of: job.id) { throw Lapsed() }
            try session.folding.review(store.result(shard, of: job))
        }
    }

    /// Writes the bundle, puts it in its place and notes it. A bundle that is there already is of an earlier end of this
    /// job, or of a coordinator that was ended just now: it is never looked at, and replaced.
    ///
    /// False where other results are committed by now. Throws `Lapsed` soon after the order was taken back.
    private func publish(
        _ job: StoredJob, _ folding: any OpenFold, _ digests: [Digest?], _ order: UUID
    ) throws -> Bool {
        if !isCurrent(order, of: job.id) { throw Lapsed() }
        let bundle = Bundle(folder: folder.bundle(of: job.id.text))
        let draft = bundle.draft
        do {
            try folding.write(
                into: draft,
                provenance: FoldProvenance(contentDigests: digests, numberSystems: store.numberSystems(of: job)))
            if !isCurrent(order, of: job.id) { throw Lapsed() }
            try VerificationSummary(of: job, in: store)?.write(into: draft)
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
        guard !session.isSpent, session.savedAt.duration(to: .now) >= policy.betweenSnapshots else { return }
        save(&session, job)
    }
}
