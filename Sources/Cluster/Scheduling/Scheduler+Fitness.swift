import Inputs
import Wire

/// Which workers can do which jobs.
extension Scheduler {
    /// Whether the worker may be given shards of the job: it has what it needs, as far as is known, and computes in the
    /// number system that the job is pinned to.
    func isFit(_ worker: InstanceID, for id: JobID, at now: Double) -> Bool {
        if let unfit = workers[worker]?.unfit[id], unfit.until > now { return false }
        return mayCompute(worker, for: id) || mayBePinnedAnew(id)
    }

    /// Whether results of the worker's number system count for the job.
    func mayCompute(_ worker: InstanceID, for id: JobID) -> Bool {
        guard let at = jobs.index(forKey: id), jobs.values[at].isPinned, let system = jobs.values[at].numberSystem
        else {
            return true
        }
        return system == workers[worker]?.numberSystem
    }

    /// Whether nothing of the job is computed or being computed, so that the next lease may pin it to another system.
    private func mayBePinnedAnew(_ id: JobID) -> Bool {
        guard let at = jobs.index(forKey: id) else { return false }
        return jobs.values[at].committed == 0 && jobs.values[at].committing == 0 && jobs.values[at].leased == 0
    }

    /// Pins a job that wants it to the number system of its first lease.
    mutating func pin(_ id: JobID, to worker: InstanceID) -> [Action] {
        guard let at = jobs.index(forKey: id), jobs.values[at].isPinned, let system = workers[worker]?.numberSystem,
            jobs.values[at].numberSystem != system
        else { return [] }
        jobs.values[at].numberSystem = system
        return [.pin(id, numberSystem: system)]
    }

    /// The worker cannot do the job. For a while it gets none of the job's shards, and those that it holds but has not begun go
    /// to others. Neither shards nor worker are to blame.
    mutating func foundUnfit(_ id: InstanceID, at lease: LeaseID, _ error: InputError, at now: Double) -> [Action] {
        workers[id]?.unfit[lease.job] = Unfitness(error: error, until: now + policy.unfitSeconds)
        giveBack(lease, from: id, notBefore: now)
        var actions = [Action.record(.unfit(lease, id, error))]
        let begun = workers[id]?.begun ?? []
        let others = (workers[id]?.held ?? []).filter { $0.job == lease.job && !begun.contains($0) }
        for other in others.sorted(by: { $0.shard < $1.shard }) {
            giveBack(other, from: id, notBefore: now)
            actions.append(.revoke(other, from: id, reason: "the worker cannot do this job"))
        }
        return actions
    }

    /// The job has ended, so nobody needs to know who cannot do it.
    mutating func forgetUnfitness(for id: JobID) {
        for worker in workers.keys { workers[worker]?.unfit[id] = nil }
    }
}
