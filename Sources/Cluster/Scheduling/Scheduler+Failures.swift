import Inputs
import Wire

extension Scheduler {
    /// A worker could not compute the shard.
    public mutating func shardFailed(
        _ lease: LeaseID, error: InputError, cause: FailureCause, from id: InstanceID, at now: Double
    ) -> [Action] {
        workers[id]?.lastHeard = now
        guard isCurrent(lease, of: id) else {
            giveBack(lease, from: id, notBefore: now)
            return grantWaiting(at: now)
        }
        return failed(lease, error, cause, on: id, at: now) + grantWaiting(at: now)
    }

    /// The worker answers, but its computation stands still. It is told to leave, and its shard is tried elsewhere.
    mutating func dismissStalled(_ id: InstanceID, at lease: LeaseID, since: Double, now: Double) -> [Action] {
        let seconds = now - since
        let error = InputError(
            "\(lease)", expected: "a computation that gets on",
            found: "none for \(Int(seconds)) s, while the worker kept answering",
            hint: "look at the worker's machine: a hung device or file system is the usual reason", kind: .temporary)
        let incident = Action.record(.stalled(lease, id, seconds: seconds))
        workers[id]?.isDismissed = true
        workers[id]?.running = nil
        let farewell = Action.dismiss(id, reason: "\(error)", atOnce: true)
        let failure = isCurrent(lease, of: id) ? failed(lease, error, .unknown, on: id, at: now) : []
        for other in workers[id]?.held ?? [] { giveBack(other, from: id, notBefore: now) }
        updateSpare(id)
        return [incident] + failure + [farewell]
    }

    private mutating func failed(
        _ lease: LeaseID, _ error: InputError, _ cause: FailureCause, on id: InstanceID, at now: Double
    ) -> [Action] {
        if cause == .worker { return foundUnfit(id, at: lease, error, at: now) }
        let isCheck = jobs[lease.job]?.checks[lease.shard]?.grant.map { $0.worker == id && $0.epoch == lease.epoch }
        giveBack(lease, from: id, notBefore: now)
        let incident = Action.record(.shardFailed(lease, id, error))
        if isCheck != true { change(lease.job) { $0.troubles[lease.shard, default: Trouble()].failures.append(id) } }
        var farewell: [Action] = []
        if cause == .unknown {
            // Only these count against the worker: bad inputs would fail anywhere.
            workers[id]?.failedInRow.insert(ShardKey(job: lease.job, shard: lease.shard))
            farewell = dismissIfBroken(id, job: lease.job, at: now)
        }
        if isCheck == true { return [incident] + farewell + checkFailed(lease, on: id, at: now) }
        return [incident] + farewell + quarantineIfHopeless(lease, error, cause, at: now)
    }

    /// A worker that fails shard after shard, while others commit shards of the same job, is told to leave. Its failures do not
    /// count against the shards.
    private mutating func dismissIfBroken(_ id: InstanceID, job: JobID, at now: Double) -> [Action] {
        guard let worker = workers[id], !worker.isDismissed, worker.failedInRow.count >= policy.mostFailuresInRow,
            jobs[job]?.committers.contains(where: { $0 != worker.author }) == true
        else { return [] }
        workers[id]?.isDismissed = true
        updateSpare(id)
        for key in worker.failedInRow {
            change(key.job) { $0.troubles[key.shard]?.failures.removeAll { $0 == id } }
        }
        let reason = "\(worker.failedInRow.count) shards in a row failed here and not elsewhere"
        return [.dismiss(id, reason: reason, atOnce: false)]
    }

    private mutating func quarantineIfHopeless(
        _ lease: LeaseID, _ error: InputError, _ cause: FailureCause, at now: Double
    ) -> [Action] {
        guard let at = jobs.index(forKey: lease.job), case .waiting = jobs.values[at].states[lease.shard] else {
            return []
        }
        if cause == .shard { return quarantine(lease.job, lease.shard, error, at: now) }
        let failures = jobs.values[at].troubles[lease.shard]?.failures ?? []
        guard failures.count >= policy.mostFailures else { return [] }
        let final = InputError(
            "shard \(lease.shard)", expected: "a result within \(failures.count) attempts",
            found: "a failure each time, at last: \(error)", kind: error.kind)
        if Set(failures).count >= policy.mostFailures { return quarantine(lease.job, lease.shard, final, at: now) }
        // Fewer workers than that have tried, and the fault may be theirs. Another one is to try before the shard is given up.
        jobs.values[at].troubles[lease.shard]?.lastResort = (now, final)
        return quarantineTriedOut(at: now)
    }

    /// Gives up shards that failed often enough on all workers there are, and have waited `verifySeconds` for another one.
    mutating func quarantineTriedOut(at now: Double) -> [Action] {
        var actions: [Action] = []
        for (_, id) in openByOrder {
            for (shard, trouble) in (jobs[id]?.troubles ?? [:]).sorted(by: { $0.key < $1.key }) {
                guard let (since, error) = trouble.lastResort, since + policy.verifySeconds <= now,
                    case .waiting = jobs[id]?.states[shard], !hasOtherWorker(than: trouble.failures, for: id, at: now)
                else { continue }
                actions += quarantine(id, shard, error, at: now)
            }
        }
        return actions
    }

    /// Counts a worker that vanished while it ran the shard.
    mutating func blame(_ lease: LeaseID, at now: Double) -> [Action] {
        guard isRunning(lease.job, shard: lease.shard), let at = jobs.index(forKey: lease.job),
            case .waiting = jobs.values[at].states[lease.shard]
        else { return [] }
        jobs.values[at].troubles[lease.shard, default: Trouble()].losses += 1
        let losses = jobs.values[at].troubles[lease.shard]?.losses ?? 0
        guard losses >= policy.mostLosses else { return [] }
        let error = InputError(
            "shard \(lease.shard)", expected: "a worker that lives to finish it",
            found: "\(losses) workers that vanished while they ran it",
            hint: "look into the workers' logs: too little memory is the usual reason", kind: .temporary)
        return quarantine(lease.job, lease.shard, error, at: now)
    }

    /// Gives a waiting shard up: the job goes on without it.
    private mutating func quarantine(_ id: JobID, _ shard: Int, _ error: InputError, at now: Double) -> [Action] {
        change(id) {
            $0.dequeue(shard)
            $0.states[shard] = .quarantined(error)
            $0.quarantined += 1
            $0.troubles[shard] = nil
        }
        return [.quarantine(id, shard: shard, error)] + finishIfDone(id, at: now)
    }
}
