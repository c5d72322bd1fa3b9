import Inputs
import Wire

extension Scheduler {
    /// How a result compares with a stored one.
    public enum Comparison: Sendable, Hashable {
        case agrees
        case differs(String)
        /// The stored bytes have changed since they were stored.
        case damaged
        /// The stored bytes could not be read.
        case unknown
    }

    /// A result arrived for a shard that has one already.
    mutating func anotherResult(_ claim: Claim, digest: Digest, committed: Digest, at now: Double) -> [Action] {
        let lease = claim.lease
        guard digest != committed else {
            return compared(lease, committed: .agrees, challenger: nil, from: claim.worker, at: now)
        }
        let isReferee = check(lease, of: claim.worker)?.challenger != nil
        return [.compare(lease, from: claim.worker, challenger: isReferee)]
    }

    /// The result that came with a lease was compared with the committed one and, if a challenger's result is kept, with that.
    public mutating func compared(
        _ lease: LeaseID, committed: Comparison, challenger: Comparison?, from id: InstanceID, at now: Double
    ) -> [Action] {
        let check = check(lease, of: id)
        guard let author = workers[id]?.author else { return [.askWho(id)] }
        giveBack(lease, from: id, notBefore: now)
        drop(lease, from: id)
        guard isRunning(lease.job, shard: lease.shard), let at = jobs.index(forKey: lease.job),
            case .committed(_, _, let committer) = jobs.values[at].states[lease.shard]
        else {
            guard case .differs(let what) = committed else { return [.acknowledge(lease, to: id)] }
            return [.record(.lateDifference(lease, id, what: what)), .acknowledge(lease, to: id)]
        }
        var actions: [Action] = []
        switch committed {
        case .agrees:
            workers[id]?.failedInRow = []
            if let check {
                actions = confirmed(
                    check, lease, challenger: challenger, by: (id, author), committer: committer, at: now)
            }
        case .differs(let what):
            actions = differs(
                lease, from: id, check, committer: committer, author: author, what: what, challenger: challenger,
                at: now)
        case .damaged:
            actions = [.record(.damaged(lease))] + takeBack(lease.shard, of: lease.job, at: now)
            actions.append(.retract(lease.job, shards: [lease.shard]))
        case .unknown:
            actions = [.record(.notCompared(lease, id))]
            if check != nil { actions += checkFailed(lease, on: id, at: now) }
        }
        let isCommitted = if case .committed = jobs[lease.job]?.states[lease.shard] { true } else { false }
        actions.append(
            isCommitted
                ? .acknowledge(lease, to: id) : .reject(lease, to: id, reason: "the shard is computed again"))
        return actions + finishIfDone(lease.job, at: now) + grantWaiting(at: now)
    }

    /// A result agrees with the committed one. In a dispute that decides only if it does not agree with the challenger's, too,
    /// as results of another number system do where both are within what rounding explains.
    private mutating func confirmed(
        _ check: Check, _ lease: LeaseID, challenger: Comparison?, by worker: (id: InstanceID, author: Author),
        committer: Author, at now: Double
    ) -> [Action] {
        let agreeing = [committer, worker.author]
        guard check.challenger != nil else { return settle(check, lease, agreeing: agreeing, at: now) }
        return switch challenger {
        // Without a comparison the result is the committed one to the last bit.
        case nil, .differs: settle(check, lease, agreeing: agreeing, convicting: true, at: now)
        // What the challenger said is lost, so that nobody can be shown to be wrong.
        case .damaged: settle(check, lease, agreeing: agreeing, at: now)
        case .agrees, .unknown: checkFailed(lease, on: worker.id, at: now)
        }
    }

    /// A result differs from the committed one: it is the first to do so, or the third of a dispute.
    private mutating func differs(
        _ lease: LeaseID, from id: InstanceID, _ check: Check?, committer: Author, author: Author, what: String,
        challenger: Comparison?, at now: Double
    ) -> [Action] {
        let isDisputed = change(lease.job) { $0.checks[lease.shard]?.challenger != nil } == true
        guard isDisputed else { return dispute(lease, committer: committer, challenger: author, what: what) }
        guard let first = check?.challenger else { return [.record(.lateDifference(lease, id, what: what))] }
        switch challenger {
        case .agrees, .differs:
            return judge(
                lease, committer: committer, challenger: first, referee: (author, what),
                backsChallenger: challenger == .agrees, at: now)
        case .damaged, .unknown, nil:
            // The challenger's result is lost. This one takes its place.
            return dispute(lease, committer: committer, challenger: author, what: what)
        }
    }

    /// The open check for which the worker holds this lease.
    private func check(_ lease: LeaseID, of id: InstanceID) -> Check? {
        guard let check = jobs[lease.job]?.checks[lease.shard], let grant = check.grant, grant.worker == id,
            grant.epoch == lease.epoch
        else { return nil }
        return check
    }
}

// MARK: - Finding somebody

extension Scheduler {
    /// Leases shards that are to be verified to spare workers, if possible on machines that have not computed them.
    mutating func grantChecks(at now: Double) -> [Action] {
        guard isGranting, !spare.isEmpty else { return [] }
        var actions: [Action] = []
        for (_, id) in openByOrder {
            for (shard, check) in (jobs[id]?.checks ?? [:]).sorted(by: { $0.key < $1.key }) where check.grant == nil {
                guard case .committed = jobs[id]?.states[shard],
                    let worker = verifier(for: check, of: id, at: now), let at = jobs.index(forKey: id)
                else { continue }
                let lease = LeaseID(job: id, shard: shard, epoch: jobs.values[at].epochs[shard] + 1)
                jobs.values[at].epochs[shard] = lease.epoch
                let grant = newGrant(lease, to: worker, at: now)
                jobs.values[at].checks[shard]?.grant = grant
                actions.append(.grant(lease, to: worker, .verification))
            }
        }
        return actions
    }

    private func verifier(for check: Check, of job: JobID, at now: Double) -> InstanceID? {
        let strangers = workers.filter { isStranger($0.key, to: check, of: job, at: now) }
        let hosts = Set(check.seen.map(\.host))
        let elsewhere = strangers.filter { !hosts.contains($0.value.author.host) }
        let candidates = elsewhere.isEmpty ? strangers : elsewhere
        return spareWorker(for: job, at: now) { candidates[$0] != nil }
    }

    /// Whether the worker can do the check, and has not taken part in it yet.
    private func isStranger(_ id: InstanceID, to check: Check, of job: JobID, at now: Double) -> Bool {
        guard let worker = workers[id], worker.slots > 0, !worker.isDismissed else { return false }
        return !check.seen.contains(worker.author) && isFit(id, for: job, at: now)
    }

    /// A worker could not compute what it was to verify.
    mutating func checkFailed(_ lease: LeaseID, on id: InstanceID, at now: Double) -> [Action] {
        guard let author = workers[id]?.author else { return [] }
        let failures = change(lease.job) { job -> Int in
            job.checks[lease.shard]?.seen.append(author)
            job.checks[lease.shard]?.failures += 1
            return job.checks[lease.shard]?.failures ?? 0
        }
        guard let failures, failures >= policy.mostFailures else { return [] }
        return giveUp(lease.job, shard: lease.shard, at: now)
    }

    /// Gives up checks that no worker can do, of jobs that have waited `verifySeconds` for nothing else.
    mutating func giveUpChecks(at now: Double) -> [Action] {
        var actions: [Action] = []
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id), let since = jobs.values[at].settledAt,
                since + policy.verifySeconds <= now
            else { continue }
            for (shard, check) in jobs.values[at].checks.sorted(by: { $0.key < $1.key })
            where check.grant == nil && !workers.keys.contains(where: { isStranger($0, to: check, of: id, at: now) }) {
                actions += giveUp(id, shard: shard, at: now)
            }
        }
        return actions
    }

    /// Nobody can verify the shard, and that is noted. If two workers disagree about it the job fails.
    private mutating func giveUp(_ id: JobID, shard: Int, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: id), jobs.values[at].isRunning, let check = jobs.values[at].checks[shard]
        else { return [] }
        if let challenger = check.challenger {
            let error = InputError(
                "shard \(shard)", expected: "two computations that agree",
                found: "two that differ, by \(check.seen.map(\.name).joined(separator: " and ")): \(challenger.what)",
                hint: "one of these machines computes wrongly; with a third worker actdiff can tell which",
                kind: .configuration)
            return fail(id, error)
        }
        jobs.values[at].checks[shard] = nil
        jobs.values[at].toVerify.remove(shard)
        return [.noteVerification(id, shard: shard, .skipped, by: [])] + finishIfDone(id, at: now)
    }
}
