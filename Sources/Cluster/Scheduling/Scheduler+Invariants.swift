import Wire

extension Scheduler {
    /// Looks for a broken invariant; nil when all is well. For tests, after every step.
    public func brokenInvariant() -> String? {
        for (id, job) in jobs.sorted(by: { $0.key < $1.key }) {
            if let broken = check(job, id) { return broken }
        }
        for (id, worker) in workers {
            if let stray = worker.held.first(where: { !isKnown($0, of: id) }) {
                return "worker \(id) holds \(stray), which the job does not know"
            }
            if let running = worker.running, !worker.held.contains(running) {
                return "worker \(id) runs \(running) without holding it"
            }
            if !worker.begun.isSubset(of: worker.held) { return "worker \(id) has begun what it does not hold" }
            let isSpare = worker.held.count < worker.slots && !worker.isDismissed
            if spare.contains(id) != isSpare { return "spare is wrong about \(id)" }
            if convicted.contains(worker.author), !worker.isDismissed { return "\(id) is convicted and stays" }
        }
        if let ghost = spare.first(where: { workers[$0] == nil }) { return "spare names \(ghost), who is not known" }
        let orders = openByOrder.map(\.order)
        return orders == orders.sorted() ? nil : "jobs are out of order: \(open)"
    }

    private func check(_ job: Job, _ id: JobID) -> String? {
        var waiting: [Int] = []
        var (committing, committed, quarantined) = (0, 0, 0)
        for (shard, state) in job.states.enumerated() {
            if let broken = checkGrants(of: shard, job, id) { return broken }
            switch state {
            case .waiting: waiting.append(shard)
            case .leased(let grants):
                if job.isRunning, grants.isEmpty { return "shard \(shard) is leased to nobody" }
            case .committing(let result):
                committing += 1
                if job.isRunning, result.claims.isEmpty { return "shard \(shard) is committed for nobody" }
            case .committed(_, let epoch, let author):
                committed += 1
                if epoch < 1 || epoch > job.epochs[shard] { return "shard \(shard) was committed by epoch \(epoch)" }
                if job.isRunning, convicted.contains(author) {
                    return "shard \(shard) is of \(author.name), who is convicted"
                }
            case .quarantined: quarantined += 1
            }
            if job.checks[shard] != nil {
                guard case .committed = state else { return "shard \(shard) is verified and not committed" }
            }
        }
        if job.isRunning, committing != job.committing {
            return "job \(id) counts \(job.committing) of \(committing) being committed"
        }
        if committed != job.committed { return "job \(id) counts \(job.committed) commits of \(committed)" }
        if quarantined != job.quarantined { return "job \(id) counts \(job.quarantined) of \(quarantined) given up" }
        switch job.state {
        case .running:
            if job.isSettled, job.checks.isEmpty { return "job \(id) is done and still running" }
            if job.queue != waiting.reversed() { return "job \(id) queues \(job.queue), waiting are \(waiting)" }
            if !open.contains(id) { return "job \(id) runs and is not open" }
        case .complete:
            if !job.isSettled || open.contains(id) { return "job \(id) is complete too early" }
        case .over:
            if !job.queue.isEmpty || open.contains(id) { return "job \(id) is over and still hands out shards" }
        }
        return nil
    }

    private func checkGrants(of shard: Int, _ job: Job, _ id: JobID) -> String? {
        guard job.isRunning else { return nil }
        let grants = job.grants(of: shard)
        if Set(grants.map(\.epoch)).count != grants.count { return "shard \(shard) has one epoch twice" }
        if Set(grants.map(\.worker)).count != grants.count { return "shard \(shard) is with one worker twice" }
        if grants.count > 2 { return "shard \(shard) is leased \(grants.count) times" }
        for grant in grants {
            let lease = LeaseID(job: id, shard: shard, epoch: grant.epoch)
            if grant.epoch > job.epochs[shard] { return "\(lease) has an epoch from the future" }
            if !mayCompute(grant.worker, for: id) { return "\(lease) is with a worker of another number system" }
            if workers[grant.worker]?.held.contains(lease) != true {
                return "\(lease) is with \(grant.worker), who lacks it"
            }
        }
        return nil
    }

    /// Whether the lease lives, or its result is being stored.
    private func isKnown(_ lease: LeaseID, of worker: InstanceID) -> Bool {
        guard let job = jobs[lease.job], job.isRunning, job.states.indices.contains(lease.shard) else { return false }
        if job.isHeld(lease, by: worker) { return true }
        guard case .committing(let committing) = job.states[lease.shard] else { return false }
        return committing.claims.contains { $0.worker == worker && $0.lease == lease }
    }
}
