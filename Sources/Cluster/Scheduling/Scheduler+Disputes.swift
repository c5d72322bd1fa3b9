import Inputs
import Wire

/// What happens when results of one shard differ.
extension Scheduler {
    /// The committed result is confirmed; where `convicting`, a challenger is shown to be wrong.
    mutating func settle(
        _ check: Check, _ lease: LeaseID, agreeing: [Author], convicting: Bool = false, at now: Double
    ) -> [Action] {
        change(lease.job) {
            $0.checks[lease.shard] = nil
            $0.toVerify.remove(lease.shard)
        }
        let wasDisputed = change(lease.job) { $0.disputed.contains(lease.shard) } == true
        let outcome = Action.noteVerification(
            lease.job, shard: lease.shard, wasDisputed ? .disagreed : .agreed, by: agreeing)
        guard let challenger = check.challenger else { return [outcome] }
        let settled = [outcome, .dropChallenge(lease.job, shard: lease.shard)]
        guard convicting else { return settled }
        return settled + convict(challenger.author, lease, witnesses: agreeing, what: challenger.what, at: now)
    }

    /// Two results differ. A third computation, by another worker, is to decide.
    mutating func dispute(_ lease: LeaseID, committer: Author, challenger: Author, what: String) -> [Action] {
        var actions: [Action] = [
            .keepChallenge(lease, by: challenger, what: what),
            .record(.disputed(lease, committer: committer.name, challenger: challenger.name, what: what)),
        ]
        // Workers that have computed the shard already cannot decide.
        if let grant = jobs[lease.job]?.checks[lease.shard]?.grant, let author = workers[grant.worker]?.author,
            author == committer || author == challenger
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

    /// The third computation differs from the committed result. If it agrees with the challenger, the committed result was
    /// wrong. If it agrees with neither, none of the three can be believed, and the job fails.
    mutating func judge(
        _ lease: LeaseID, committer: Author, challenger: (author: Author, what: String),
        referee: (author: Author, what: String), backsChallenger: Bool, at now: Double
    ) -> [Action] {
        change(lease.job) { $0.checks[lease.shard] = nil }
        guard backsChallenger else {
            let names = "\(committer.name), \(challenger.author.name) and \(referee.author.name)"
            let error = InputError(
                "shard \(lease.shard)", expected: "two computations that agree",
                found: "three that differ, by \(names): \(referee.what)",
                hint: "check these machines: at least two of them compute wrongly", kind: .configuration)
            return fail(lease.job, error)
        }
        return [.dropChallenge(lease.job, shard: lease.shard)]
            + convict(
                committer, lease, witnesses: [challenger.author, referee.author], what: challenger.what, at: now)
    }

    /// Takes back all results that the worker has committed to running jobs, and tells it to leave.
    private mutating func convict(
        _ author: Author, _ lease: LeaseID, witnesses: [Author], what: String, at now: Double
    ) -> [Action] {
        convicted.insert(author)
        var actions: [Action] = [
            .convict(author, what: what),
            .record(.convicted(author, lease, witnesses: witnesses.map(\.name), what: what)),
        ]
        for (id, worker) in workers.sorted(by: { $0.key.order < $1.key.order }) where worker.author == author {
            for held in worker.held { giveBack(held, from: id, notBefore: now) }
            workers[id]?.isDismissed = true
            workers[id]?.running = nil
            updateSpare(id)
            actions.append(.dismiss(id, reason: "its numbers for \(lease) are wrong: \(what)", atOnce: true))
        }
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id) else { continue }
            let shards = jobs.values[at].states.indices.filter {
                if case .committed(_, _, author) = jobs.values[at].states[$0] { true } else { false }
            }
            guard !shards.isEmpty else { continue }
            for shard in shards { actions += takeBack(shard, of: id, at: now) }
            change(id) { _ = $0.committers.remove(author) }
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
            if $0.verified.contains(shard) { $0.toVerify.insert(shard) }
            $0.committed -= 1
            $0.settledAt = nil
            if let grant = check?.grant {
                // The worker that was to verify the shard now computes its first result.
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
