import Wire

extension Scheduler {
    /// Seconds before a shard is tried again after the store refused to write.
    static var pauseAfterStoreFailure: Double { 5 }

    /// Hands waiting shards to workers with spare slots: jobs in order of submission, shards by index.
    mutating func grantWaiting(at now: Double) -> [Action] {
        guard isGranting, !spare.isEmpty else { return [] }
        var actions: [Action] = []
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id) else { continue }
            var position = jobs.values[at].queue.count - 1
            while position >= 0 {
                // Cheap, and so before anybody looks for a worker: thousands of shards may wait for their time.
                if jobs.values[at].mayLeave(queuePosition: position, at: now) {
                    guard let next = spareWorker(for: id, at: now, where: { _ in true }) else { break }
                    actions += grant(id, queuePosition: position, to: next, at: now)
                }
                position -= 1
            }
        }
        return actions
    }

    /// No lease is handed out from now on.
    public mutating func stopGranting() {
        isGranting = false
    }

    /// The lease could not be stored: nobody got it, and the shard waits a little.
    public mutating func grantFailed(_ lease: LeaseID, to worker: InstanceID, at now: Double) {
        guard isCurrent(lease, of: worker) else { return }
        giveBack(lease, from: worker, notBefore: now + Self.pauseAfterStoreFailure)
    }

    /// Gives a shard whose time has come to the worker that is next, or to another one where it has failed.
    private mutating func grant(_ id: JobID, queuePosition: Int, to next: InstanceID, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: id) else { return [] }
        let shard = jobs.values[at].queue[queuePosition]
        guard let worker = worker(for: id, next, after: jobs.values[at].troubles[shard], at: now) else { return [] }
        let pin = pin(id, to: worker)
        let lease = LeaseID(job: id, shard: shard, epoch: jobs.values[at].epochs[shard] + 1)
        jobs.values[at].queue.remove(at: queuePosition)
        jobs.values[at].epochs[shard] = lease.epoch
        jobs.values[at].states[shard] = .leased([newGrant(lease, to: worker, at: now)])
        return pin + [.grant(lease, to: worker, lease.epoch == 1 ? .first : .again)]
    }

    /// Leases shards a second time near a job's end: those that nobody has begun, and those that take long.
    mutating func speculate(at now: Double) -> [Action] {
        guard isGranting, !spare.isEmpty else { return [] }
        var actions: [Action] = []
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id), jobs.values[at].queue.isEmpty else { continue }
            for (shard, grant) in laggards(jobs.values[at], id, at: now) {
                let failed = jobs.values[at].troubles[shard]?.failures ?? []
                let worker = spareWorker(for: id, at: now) { $0 != grant.worker && !failed.contains($0) }
                guard let worker else { continue }
                let lease = LeaseID(job: id, shard: shard, epoch: jobs.values[at].epochs[shard] + 1)
                jobs.values[at].epochs[shard] = lease.epoch
                jobs.values[at].states[shard] = .leased([grant, newGrant(lease, to: worker, at: now)])
                actions.append(.grant(lease, to: worker, .speculation))
            }
        }
        return actions
    }

    /// Shards with a single lease: first those that nobody has begun, then those that take unusually long. Older leases come
    /// first.
    private func laggards(_ job: Job, _ id: JobID, at now: Double) -> [(shard: Int, grant: Grant)] {
        let patience = job.meanSeconds.map { $0 * policy.speculationFactor } ?? policy.leaseSeconds
        var late: [(shard: Int, grant: Grant, hasBegun: Bool)] = []
        for (shard, state) in job.states.enumerated() {
            guard case .leased(let grants) = state, grants.count == 1, let grant = grants.first else { continue }
            let lease = LeaseID(job: id, shard: shard, epoch: grant.epoch)
            let hasBegun = workers[grant.worker]?.begun.contains(lease) == true
            if !hasBegun || grant.since + patience <= now || isTorpid(grant.worker, at: now) {
                late.append((shard, grant, hasBegun))
            }
        }
        return late.sorted {
            ($0.hasBegun ? 1 : 0, $0.grant.since, $0.shard) < ($1.hasBegun ? 1 : 0, $1.grant.since, $1.shard)
        }.map { ($0.shard, $0.grant) }
    }

    /// The worker that is next. Workers on which the shard failed are chosen only if there is no other worker (and not once
    /// it has failed often enough).
    private func worker(for job: JobID, _ next: InstanceID, after trouble: Trouble?, at now: Double) -> InstanceID? {
        let failed = trouble?.failures ?? []
        let isLastResort = trouble?.lastResort != nil
        guard isLastResort || !failed.isEmpty && hasOtherWorker(than: failed, for: job, at: now) else {
            return next
        }
        return spareWorker(for: job, at: now) { !failed.contains($0) }
    }

    /// Whether there is any worker for the job, spare or not, besides these.
    func hasOtherWorker(than failed: [InstanceID], for job: JobID, at now: Double) -> Bool {
        workers.contains { id, worker in
            worker.slots > 0 && !worker.isDismissed && !failed.contains(id) && isFit(id, for: job, at: now)
        }
    }

    /// The spare worker with the least to do among those that are heard, fit for the job, and admissible.
    func spareWorker(for job: JobID, at now: Double, where isAdmissible: (InstanceID) -> Bool) -> InstanceID? {
        var best: (id: InstanceID, held: Int)?
        for id in spare where isAdmissible(id) && !isTorpid(id, at: now) && isFit(id, for: job, at: now) {
            let held = workers[id]?.held.count ?? 0
            if let best, (best.held, best.id.high, best.id.low) < (held, id.high, id.low) { continue }
            best = (id, held)
        }
        return best?.id
    }

    /// Makes the lease one of those that the worker holds. The caller changes the shard's state.
    mutating func newGrant(_ lease: LeaseID, to worker: InstanceID, at now: Double) -> Grant {
        workers[worker]?.held.insert(lease)
        change(lease.job) { $0.givenTo[.init(lease)] = worker }
        updateSpare(worker)
        return Grant(worker: worker, epoch: lease.epoch, since: now, deadline: now + policy.leaseSeconds)
    }

    /// Takes the lease from those that the worker holds. The caller changes the shard's state.
    mutating func drop(_ lease: LeaseID, from worker: InstanceID) {
        workers[worker]?.held.remove(lease)
        workers[worker]?.begun.remove(lease)
        if workers[worker]?.running == lease { workers[worker]?.running = nil }
        updateSpare(worker)
    }

    /// The worker no longer holds the lease; its shard waits again unless another worker has it.
    mutating func giveBack(_ lease: LeaseID, from id: InstanceID, notBefore: Double) {
        guard workers[id]?.held.contains(lease) == true else { return }
        drop(lease, from: id)
        guard isRunning(lease.job, shard: lease.shard) else { return }
        change(lease.job) { $0.removeGrant(lease, of: id, notBefore: notBefore) }
    }

    /// Keeps `spare` in step with a worker's slots and leases.
    mutating func updateSpare(_ id: InstanceID) {
        if let worker = workers[id], worker.held.count < worker.slots, !worker.isDismissed {
            spare.insert(id)
        } else {
            spare.remove(id)
        }
    }

    /// Whether the worker holds this lease.
    func isCurrent(_ lease: LeaseID, of worker: InstanceID) -> Bool {
        guard isRunning(lease.job, shard: lease.shard), let at = jobs.index(forKey: lease.job) else { return false }
        return jobs.values[at].isHeld(lease, by: worker)
    }
}
