import Inputs
import Wire

extension Scheduler {
    /// A whole result arrived that fits its shard. `digest` is its content digest.
    ///
    /// A result of any lease counts if it is the first, even after the lease has expired, and comes from the worker that the
    /// lease was given to.
    public mutating func resultReceived(
        _ lease: LeaseID, digest: Digest, from id: InstanceID, at now: Double
    ) -> [Action] {
        guard let author = workers[id]?.author else { return [.askWho(id)] }
        workers[id]?.lastHeard = now
        if let reason = refusal(of: lease, from: id) {
            giveBack(lease, from: id, notBefore: now)
            return [.reject(lease, to: id, reason: reason)]
        }
        guard let at = jobs.index(forKey: lease.job) else { return [] }
        let claim = Claim(worker: id, author: author, lease: lease)
        if workers[id]?.running == lease { workers[id]?.running = nil }
        switch jobs.values[at].states[lease.shard] {
        case .committed(let committed, _, _):
            return anotherResult(claim, digest: digest, committed: committed, at: now)
        case .committing(var committing):
            if committing.digest != digest {
                committing.others.append(id)
            } else if !committing.claims.contains(claim) {
                committing.claims.append(claim)
                committing.grants.removeAll { $0.worker == id && $0.epoch == lease.epoch }
            }
            jobs.values[at].states[lease.shard] = .committing(committing)
            return []
        case .leased(let grants):
            let own = grants.first { $0.worker == id && $0.epoch == lease.epoch }
            jobs.values[at].states[lease.shard] = .committing(
                Committing(
                    digest: digest, claims: [claim], since: own?.since, grants: grants.filter { $0 != own }))
        case .waiting:
            jobs.values[at].dequeue(lease.shard)
            jobs.values[at].states[lease.shard] = .committing(
                Committing(digest: digest, claims: [claim], since: nil, grants: []))
        case .quarantined:
            guard jobs.values[at].isRunning else { return [.acknowledge(lease, to: id)] }
            jobs.values[at].quarantined -= 1
            jobs.values[at].settledAt = nil
            jobs.values[at].states[lease.shard] = .committing(
                Committing(digest: digest, claims: [claim], since: nil, grants: []))
        }
        jobs.values[at].committing += 1
        return [.commit(lease, digest)]
    }

    /// Why a result is refused without a look at it; nil if it is not.
    private func refusal(of lease: LeaseID, from id: InstanceID) -> String? {
        guard let at = jobs.index(forKey: lease.job), jobs.values[at].states.indices.contains(lease.shard) else {
            return "no such shard"
        }
        guard jobs.values[at].givenTo[.init(lease)] == id else { return "this lease was not given to this worker" }
        if case .over(let reason) = jobs.values[at].state { return reason }
        if let author = workers[id]?.author, convicted.contains(author) {
            return "this worker's numbers were found wrong"
        }
        return mayCompute(id, for: lease.job) ? nil : "the job's results are of another number system"
    }

    /// The result of this lease is safe in the store.
    public mutating func commitFinished(_ lease: LeaseID, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: lease.job), jobs.values[at].states.indices.contains(lease.shard),
            case .committing(let committing) = jobs.values[at].states[lease.shard], let first = committing.claims.first
        else { return [] }
        jobs.values[at].states[lease.shard] = .committed(committing.digest, epoch: lease.epoch, by: first.author)
        jobs.values[at].committing -= 1
        jobs.values[at].committed += 1
        jobs.values[at].committers.insert(first.author)
        // The end of the job has answered everybody already.
        guard jobs.values[at].isRunning else { return [] }
        jobs.values[at].troubles[lease.shard] = nil
        if let since = committing.since {
            let mean = jobs.values[at].meanSeconds ?? now - since
            jobs.values[at].meanSeconds = mean + (now - since - mean) / 16
        }
        if jobs.values[at].toVerify.contains(lease.shard) {
            jobs.values[at].checks[lease.shard] = Check(seen: [first.author])
        }
        var actions: [Action] = []
        for claim in committing.claims {
            workers[claim.worker]?.failedInRow = []
            drop(claim.lease, from: claim.worker)
            actions.append(.acknowledge(claim.lease, to: claim.worker))
        }
        if convicted.contains(first.author) {
            // It was convicted while its result was being stored.
            for grant in committing.grants {
                drop(LeaseID(job: lease.job, shard: lease.shard, epoch: grant.epoch), from: grant.worker)
            }
            actions += takeBack(lease.shard, of: lease.job, at: now)
            return actions + [.retract(lease.job, shards: [lease.shard])] + grantWaiting(at: now)
        }
        for grant in committing.grants {
            let other = LeaseID(job: lease.job, shard: lease.shard, epoch: grant.epoch)
            guard workers[grant.worker]?.held.contains(other) == true else { continue }
            drop(other, from: grant.worker)
            actions.append(.revoke(other, from: grant.worker, reason: "another worker has finished the shard"))
        }
        actions += committing.others.map { .askWho($0) }
        return actions + finishIfDone(lease.job, at: now) + grantWaiting(at: now)
    }

    /// The store could not write the result, whose bytes are gone: the workers must send theirs again.
    public mutating func commitFailed(_ lease: LeaseID, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: lease.job), jobs.values[at].states.indices.contains(lease.shard),
            case .committing(let committing) = jobs.values[at].states[lease.shard], jobs.values[at].isRunning
        else { return [] }
        jobs.values[at].committing -= 1
        // Claims whose leases are still held become leases again; their workers keep the results.
        var grants = committing.grants
        for claim in committing.claims where workers[claim.worker]?.held.contains(claim.lease) == true {
            guard grants.count < 2 else {
                drop(claim.lease, from: claim.worker)
                continue
            }
            grants.append(
                Grant(
                    worker: claim.worker, epoch: claim.lease.epoch, since: committing.since ?? now,
                    deadline: now + policy.leaseSeconds))
        }
        if grants.isEmpty {
            jobs.values[at].enqueue(lease.shard, notBefore: now + Self.pauseAfterStoreFailure)
        } else {
            jobs.values[at].states[lease.shard] = .leased(grants)
        }
        let waiting = committing.claims.map(\.worker) + committing.others
        return Set(waiting).sorted { $0.order < $1.order }.map { .askWho($0) }
    }
}
