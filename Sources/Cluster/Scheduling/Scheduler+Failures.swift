import Inputs
import Wire

extension Scheduler {
    /// A worker could not compute the shard. A permanent failure lies in the shard's inputs and would come again
    /// anywhere; any other is tried on other workers first.
    public mutating func shardFailed(
        _ lease: LeaseID, error: InputError, isPermanent: Bool, from id: InstanceID, at now: Double
    ) -> [Action] {
        workers[id]?.lastHeard = now
        guard isCurrent(lease, of: id) else {
            giveBack(lease, from: id, notBefore: now)
            return grantWaiting(at: now)
        }
        return failed(lease, error, isPermanent: isPermanent, on: id, at: now) + grantWaiting(at: now)
    }

    /// The worker answers, but what it computes has not got on: it can only be told to leave, and its shard is tried
    /// elsewhere.
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
        let failure = isCurrent(lease, of: id) ? failed(lease, error, isPermanent: false, on: id, at: now) : []
        for other in workers[id]?.held ?? [] { giveBack(other, from: id, notBefore: now) }
        updateSpare(id)
        return [incident] + failure + [farewell]
    }

    private mutating func failed(
        _ lease: LeaseID, _ error: InputError, isPermanent: Bool, on id: InstanceID, at now: Double
    ) -> [Action] {
        let isCheck = jobs[lease.job]?.checks[lease.shard]?.grant.map { $0.worker == id && $0.epoch == lease.epoch }
        giveBack(lease, from: id, notBefore: now)
        let incident = Action.record(.shardFailed(lease, id, error))
        // Bad inputs would fail anywhere: they say nothing about the worker.
        if !isPermanent { workers[id]?.failedInRow.insert(ShardKey(job: lease.job, shard: lease.shard)) }
        if isCheck == true {
            let farewell = isPermanent ? [] : dismissIfBroken(id, job: lease.job, at: now)
            return [incident] + farewell + checkFailed(lease, on: id, at: now)
        }
        change(lease.job) { $0.troubles[lease.shard, default: Trouble()].failures.append(id) }
        let farewell = isPermanent ? [] : dismissIfBroken(id, job: lease.job, at: now)
        return [incident] + farewell + quarantineIfHopeless(lease, error, isPermanent: isPermanent, at: now)
    }

    /// A worker that fails shard after shard, while others get on with the same job, is told to leave. Its failures do
    /// not count against the shards.
    private mutating func dismissIfBroken(_ id: InstanceID, job: JobID, at now: Double) -> [Action] {
        guard let worker = workers[id], !worker.isDismissed, worker.failedInRow.count >= policy.mostFailuresInRow,
            jobs[job]?.committers.contains(where: { $0 != worker.name }) == true
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
        _ lease: LeaseID, _ error: InputError, isPermanent: Bool, at now: Double
    ) -> [Action] {
        guard let at = jobs.index(forKey: lease.job), case .waiting = jobs.values[at].states[lease.shard] else {
            return []
        }
        let failures = jobs.values[at].troubles[lease.shard]?.failures ?? []
        let isTriedOut =
            Set(failures).count >= policy.mostFailures
            || failures.count >= policy.mostFailures && !hasOtherWorker(than: failures)
        guard isPermanent || isTriedOut else { return [] }
        let final =
            isPermanent
            ? error
            : InputError(
                "shard \(lease.shard)", expected: "a result within \(failures.count) attempts",
                found: "a failure each time, at last: \(error)", kind: error.kind)
        return quarantine(lease, final, at: now)
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
        return quarantine(lease, error, at: now)
    }

    /// Gives a waiting shard up: the job goes on without it.
    private mutating func quarantine(_ lease: LeaseID, _ error: InputError, at now: Double) -> [Action] {
        change(lease.job) {
            $0.dequeue(lease.shard)
            $0.states[lease.shard] = .quarantined(error)
            $0.quarantined += 1
            $0.troubles[lease.shard] = nil
        }
        return [.quarantine(lease.job, shard: lease.shard, error)] + finishIfDone(lease.job, at: now)
    }
}
