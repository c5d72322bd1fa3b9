import Inputs
import Wire

extension Scheduler {
    /// What came out of holding one result against another.
    public enum Comparison: Sendable, Hashable {
        case agrees
        case differs(String)
        /// One of them could not be read.
        case unknown
    }

    /// A result for a shard that has one.
    mutating func anotherResult(_ claim: Claim, digest: Digest, committed: Digest, at now: Double) -> [Action] {
        let lease = claim.lease
        guard digest != committed else {
            return compared(lease, committed: .agrees, challenger: nil, from: claim.worker, at: now)
        }
        let isReferee = check(lease, of: claim.worker)?.challenger != nil
        return [.compare(lease, from: claim.worker, challenger: isReferee)]
    }

    /// The result that came with a lease was held against the committed one, and against the one that was kept where
    /// there is one.
    public mutating func compared(
        _ lease: LeaseID, committed: Comparison, challenger: Comparison?, from id: InstanceID, at now: Double
    ) -> [Action] {
        let check = check(lease, of: id)
        guard let name = workers[id]?.name else { return [.askWho(id)] }
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
        case .unknown:
            return [.askWho(id)]
        case .agrees:
            workers[id]?.failedInRow = []
            if let check { actions = settle(check, lease, agreeing: [committer, name], at: now) }
        case .differs(let what):
            if let first = check?.challenger {
                actions = judge(
                    lease, committer: committer, challenger: first, referee: (name, what),
                    backsChallenger: challenger == .agrees, at: now)
            } else if jobs.values[at].checks[lease.shard]?.challenger == nil {
                actions = dispute(lease, committer: committer, challenger: name, what: what)
            } else {
                actions = [.record(.lateDifference(lease, id, what: what))]
            }
        }
        let isCommitted = if case .committed = jobs[lease.job]?.states[lease.shard] { true } else { false }
        actions.append(
            isCommitted
                ? .acknowledge(lease, to: id) : .reject(lease, to: id, reason: "the shard is computed again"))
        return actions + finishIfDone(lease.job, at: now) + grantWaiting(at: now)
    }

    /// The open check that the worker holds this lease for.
    private func check(_ lease: LeaseID, of id: InstanceID) -> Check? {
        guard let check = jobs[lease.job]?.checks[lease.shard], let grant = check.grant, grant.worker == id,
            grant.epoch == lease.epoch
        else { return nil }
        return check
    }

    /// The committed result is confirmed; whoever said otherwise was wrong.
    private mutating func settle(
        _ check: Check, _ lease: LeaseID, agreeing: [String], at now: Double
    ) -> [Action] {
        change(lease.job) {
            $0.checks[lease.shard] = nil
            $0.toVerify.remove(lease.shard)
        }
        let wasDisputed = change(lease.job) { $0.disputed.contains(lease.shard) } == true
        let outcome = Action.noteVerification(
            lease.job, shard: lease.shard, wasDisputed ? .disagreed : .agreed)
        guard let challenger = check.challenger else { return [outcome] }
        return [outcome, .dropChallenge(lease.job, shard: lease.shard)]
            + convict(challenger.name, lease, witnesses: agreeing, what: challenger.what, at: now)
    }

    /// Two results differ: a third computation, by somebody else, is to decide.
    private mutating func dispute(_ lease: LeaseID, committer: String, challenger: String, what: String) -> [Action] {
        var actions: [Action] = [
            .keepChallenge(lease),
            .record(.disputed(lease, committer: committer, challenger: challenger, what: what)),
        ]
        // Whoever has had a say cannot be the third.
        if let grant = jobs[lease.job]?.checks[lease.shard]?.grant, let name = workers[grant.worker]?.name,
            name == committer || name == challenger
        {
            let own = LeaseID(job: lease.job, shard: lease.shard, epoch: grant.epoch)
            drop(own, from: grant.worker)
            change(lease.job) { $0.checks[lease.shard]?.grant = nil }
            actions.append(.revoke(own, from: grant.worker, reason: "another worker is to verify the shard"))
        }
        change(lease.job) {
            var check = $0.checks[lease.shard] ?? Check(seen: [])
            check.seen = [committer, challenger]
            check.challenger = (challenger, what)
            $0.checks[lease.shard] = check
            $0.disputed.insert(lease.shard)
            $0.settledAt = nil
        }
        return actions
    }

    /// The referee disagrees with the committed result: if it backs the challenger the committed one was wrong, and if it
    /// backs nobody, nobody can be believed.
    private mutating func judge(
        _ lease: LeaseID, committer: String, challenger: (name: String, what: String),
        referee: (name: String, what: String), backsChallenger: Bool, at now: Double
    ) -> [Action] {
        change(lease.job) { $0.checks[lease.shard] = nil }
        let dropped = Action.dropChallenge(lease.job, shard: lease.shard)
        guard backsChallenger else {
            let error = InputError(
                "shard \(lease.shard)", expected: "two computations that agree",
                found: "three that differ, by \(committer), \(challenger.name) and \(referee.name): \(referee.what)",
                hint: "check these machines: at least two of them compute wrongly", kind: .configuration)
            return [dropped] + fail(lease.job, error)
        }
        let witnesses = [challenger.name, referee.name]
        return [dropped] + convict(committer, lease, witnesses: witnesses, what: challenger.what, at: now)
    }

    /// Takes back whatever the worker has committed to jobs that still run, and tells it to leave.
    private mutating func convict(
        _ name: String, _ lease: LeaseID, witnesses: [String], what: String, at now: Double
    ) -> [Action] {
        convicted.insert(name)
        var actions: [Action] = [.record(.convicted(name: name, lease, witnesses: witnesses, what: what))]
        for (id, worker) in workers.sorted(by: { $0.key.order < $1.key.order }) where worker.name == name {
            for held in worker.held { giveBack(held, from: id, notBefore: now) }
            workers[id]?.isDismissed = true
            workers[id]?.running = nil
            updateSpare(id)
            actions.append(.dismiss(id, reason: "its numbers for \(lease) are wrong: \(what)", atOnce: true))
        }
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id) else { continue }
            let shards = jobs.values[at].states.indices.filter {
                if case .committed(_, _, name) = jobs.values[at].states[$0] { true } else { false }
            }
            guard !shards.isEmpty else { continue }
            for shard in shards { actions += takeBack(shard, of: id, at: now) }
            change(id) { _ = $0.committers.remove(name) }
            actions.append(.retract(id, shards: shards))
        }
        return actions
    }

    /// A committed shard waits again.
    mutating func takeBack(_ shard: Int, of id: JobID, at now: Double) -> [Action] {
        guard let check = change(id, { $0.checks[shard] }) else { return [] }
        if let grant = check?.grant {
            drop(LeaseID(job: id, shard: shard, epoch: grant.epoch), from: grant.worker)
        }
        change(id) {
            $0.checks[shard] = nil
            $0.committed -= 1
            $0.settledAt = nil
            if let grant = check?.grant {
                // Whoever was to verify it computes it in the first place.
                $0.states[shard] = .leased([grant])
            } else {
                $0.enqueue(shard, notBefore: now)
            }
        }
        if let grant = check?.grant {
            workers[grant.worker]?.held.insert(LeaseID(job: id, shard: shard, epoch: grant.epoch))
            updateSpare(grant.worker)
        }
        return check?.challenger == nil ? [] : [.dropChallenge(id, shard: shard)]
    }
}

// MARK: - Finding somebody

extension Scheduler {
    /// Gives shards to be verified to spare workers, on another machine than the first time where there is one.
    mutating func grantChecks(at now: Double) -> [Action] {
        guard isGranting, !spare.isEmpty else { return [] }
        var actions: [Action] = []
        for (_, id) in openByOrder {
            for (shard, check) in (jobs[id]?.checks ?? [:]).sorted(by: { $0.key < $1.key }) where check.grant == nil {
                guard case .committed = jobs[id]?.states[shard],
                    let worker = verifier(for: check, at: now), let at = jobs.index(forKey: id)
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

    private func verifier(for check: Check, at now: Double) -> InstanceID? {
        let strangers = workers.filter { isStranger($0.value, to: check) }
        let hosts = Set(check.seen.map(Self.host))
        let elsewhere = strangers.filter { !hosts.contains($0.value.host) }
        let candidates = elsewhere.isEmpty ? strangers : elsewhere
        return spareWorker(at: now) { candidates[$0] != nil }
    }

    private func isStranger(_ worker: Worker, to check: Check) -> Bool {
        worker.slots > 0 && !worker.isDismissed && !check.seen.contains(worker.name)
    }

    /// A worker could not compute what it was to verify.
    mutating func checkFailed(_ lease: LeaseID, on id: InstanceID, at now: Double) -> [Action] {
        guard let name = workers[id]?.name else { return [] }
        let failures = change(lease.job) { job -> Int in
            job.checks[lease.shard]?.seen.append(name)
            job.checks[lease.shard]?.failures += 1
            return job.checks[lease.shard]?.failures ?? 0
        }
        guard let failures, failures >= policy.mostFailures else { return [] }
        return giveUp(lease.job, shard: lease.shard, at: now)
    }

    /// Ends checks of jobs that wait for nothing else, for which nobody has been there for long.
    mutating func giveUpChecks(at now: Double) -> [Action] {
        var actions: [Action] = []
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id), let since = jobs.values[at].settledAt,
                since + policy.verifySeconds <= now
            else { continue }
            for (shard, check) in jobs.values[at].checks.sorted(by: { $0.key < $1.key })
            where check.grant == nil && !workers.values.contains(where: { isStranger($0, to: check) }) {
                actions += giveUp(id, shard: shard, at: now)
            }
        }
        return actions
    }

    /// Nobody can verify the shard. That is noted; a shard about which two workers disagree cannot be published.
    private mutating func giveUp(_ id: JobID, shard: Int, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: id), jobs.values[at].isRunning, let check = jobs.values[at].checks[shard]
        else { return [] }
        if let challenger = check.challenger {
            let error = InputError(
                "shard \(shard)", expected: "two computations that agree",
                found: "two that differ, by \(check.seen.joined(separator: " and ")): \(challenger.what)",
                hint: "one of these machines computes wrongly; with a third worker actdiff can tell which",
                kind: .configuration)
            return fail(id, error)
        }
        jobs.values[at].checks[shard] = nil
        jobs.values[at].toVerify.remove(shard)
        return [.noteVerification(id, shard: shard, .skipped)] + finishIfDone(id, at: now)
    }
}
