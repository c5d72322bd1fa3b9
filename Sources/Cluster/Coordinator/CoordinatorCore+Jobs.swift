import Inputs
import Wire

extension CoordinatorCore {
    /// Has a job planned.
    func plan(_ job: StoredJob) {
        planned.insert(job.id)
        workshop.plan(job) { [mailbox] in mailbox.post(.planned(job.id)) }
    }

    /// The workshop is done with planning a job; the store says how it went.
    func planned(_ id: JobID) {
        guard let job = stored(id) else { return }
        switch job.state {
        case .running:
            logger.info("planned", metadata: ["job": "\(id)", "shards": "\(job.shards)", "tokens": "\(job.tokens)"])
            orFail(job) { try schedule(job) }
        case .failed: logFailure(job)
        case .planning, .done, .partial, .cancelled: break
        }
    }

    /// Hands out the shards of a planned job, as far as they are not committed. After a restart workers may hold some.
    func schedule(_ job: StoredJob, afterRestart: Bool = false) throws {
        let shards = try store.shards(of: job)
        let task = try store.plannedWork(of: job).task
        let verified = try store.verifiedShards(of: job)
        running[job.id] = RunningJob(
            job: job, task: task, taskDigest: task.digest, judge: try workshop.kind(of: job).judge(of: task),
            tokens: try store.tokens(of: job), verifiedCount: verified.count)
        workshop.shardsCommitted(job)
        perform(
            scheduler.jobReady(
                job.id, order: job.sequence, shards: shards, verified: verified, isPinned: job.isPinned,
                numberSystem: job.numberSystem, mayBeHeld: afterRestart, at: now))
    }

    /// The workshop is done with folding a job; the store says how it went.
    func folded(_ id: JobID) {
        defer { jobEnded(id) }
        guard let job = stored(id) else { return }
        if job.state == .failed { return logFailure(job) }
        logger.info("\(job.state.rawValue)", metadata: ["job": "\(id)"])
    }

    /// A job cannot be finished.
    func fail(_ id: JobID, _ error: InputError) {
        guard let job = running[id]?.job else { return }
        workshop.fail(job, error)
        logger.log(level: failureLevel, "failed", metadata: ["job": "\(id)", "error": "\(error)"])
    }

    private func stored(_ id: JobID) -> StoredJob? {
        do {
            return try store.job(id)
        } catch {
            logger.critical("the store cannot be read", metadata: ["job": "\(id)", "error": "\(error)"])
            if let error = error as? InputError, error.kind == .configuration { try? store.failUnreadable(id, error) }
            return nil
        }
    }

    private func logFailure(_ job: StoredJob) {
        let error = job.error.map { "\($0)" } ?? "unknown"
        logger.log(level: failureLevel, "failed", metadata: ["job": "\(job.id)", "error": "\(error)"])
    }

    /// Takes up a job of an earlier life. One whose rows are damaged has failed; the others go on.
    func takeUp(_ job: StoredJob) throws {
        do {
            try schedule(job, afterRestart: true)
        } catch let error as InputError where error.kind == .configuration || error.kind == .badData {
            try store.fail(job, error)
            logger.error("failed", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }

    private func orFail(_ job: StoredJob, _ body: () throws -> Void) {
        do {
            try body()
        } catch {
            let error =
                error as? InputError ?? InputError("job \(job.id)", expected: "a readable plan", found: "\(error)")
            workshop.fail(job, error)
            logger.error("failed", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }
}
