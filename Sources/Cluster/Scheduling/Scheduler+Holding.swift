import Wire

/// What a worker's words are about. Words about leases that it never had change nothing, and nobody tells of them.
extension Scheduler {
    /// Those of the leases that the worker holds, each once.
    func held(_ leases: [LeaseID], by worker: InstanceID) -> [LeaseID] {
        var held = workers[worker]?.held ?? []
        return leases.filter { held.remove($0) != nil }
    }

    /// Whether the lease is or was the worker's.
    func wasGiven(_ lease: LeaseID, to worker: InstanceID) -> Bool {
        jobs[lease.job]?.givenTo[.init(lease)] == worker
    }
}
