import Inputs
import Wire

extension Scheduler {
    /// A worker says hello, for the first time or again, and names the leases that it holds. `key` is the one that its
    /// connection proved to have; nil where no keys are in use.
    ///
    /// A lease becomes the worker's again if its shard waits and was not leased since. Leases that the worker was given but
    /// does not name never arrived: their shards wait again, and nobody is to blame.
    public mutating func workerHello(
        _ id: InstanceID, key: PublicKey? = nil, name: String, numberSystem: String, holding leases: [LeaseID],
        at now: Double
    ) -> [Action] {
        let author = Author(id, key: key, name: name)
        var worker = workers[id] ?? Worker(author: author, numberSystem: numberSystem, slots: 0, lastHeard: now)
        let before = worker.held
        (worker.author, worker.lastHeard) = (author, now)
        worker.isDismissed = worker.isDismissed || convicted.contains(author)
        workers[id] = worker
        for lease in before.subtracting(leases) { giveBack(lease, from: id, notBefore: now) }
        var actions: [Action] = []
        if convicted.contains(author) {
            let hint = key == nil ? "" : "; mend the machine and give it a new key"
            actions.append(.dismiss(id, reason: "its numbers were found wrong before\(hint)", atOnce: true))
        }
        // If a lease that was handed out again is computed here already, the next renewal says so.
        for lease in leases {
            if isCommitted(by: lease) { actions.append(.acknowledge(lease, to: id)) }
            actions += extend(lease, of: id, isFinished: true, at: now)
        }
        free(id, at: now)
        updateSpare(id)
        return actions + grantWaiting(at: now)
    }

    /// Frees shards that were kept for the worker. It did not name them in its hello, so they never reached it.
    private mutating func free(_ id: InstanceID, at now: Double) {
        for (_, job) in openByOrder {
            change(job) { job in
                for shard in job.kept.removeValue(forKey: id) ?? [] {
                    if case .waiting = job.states[shard] { job.states[shard] = .waiting(notBefore: now) }
                }
            }
        }
    }

    /// A worker names the leases that it holds with their progress, and how many it wants to hold (0 when it drains). A lease
    /// whose shard was handed out again is revoked, unless its result is computed already.
    public mutating func renew(_ id: InstanceID, slots: Int, _ renewals: [Renewal], at now: Double) -> [Action] {
        guard workers[id] != nil else { return [.askWho(id)] }
        workers[id]?.slots = max(0, slots)
        workers[id]?.lastHeard = now
        var actions: [Action] = []
        var running: Renewal?
        for renewal in renewals {
            let isFinished = renewal.progress == Renewal.finished
            actions += extend(renewal.lease, of: id, isFinished: isFinished, at: now)
            if renewal.progress > 0, !isFinished { running = renewal }
        }
        noteProgress(running, of: id, at: now)
        actions += noteBegun(renewals.filter { $0.progress > 0 }.map(\.lease), by: id, at: now)
        updateSpare(id)
        return actions + grantWaiting(at: now)
    }

    private mutating func noteProgress(_ renewal: Renewal?, of id: InstanceID, at now: Double) {
        guard let renewal, workers[id]?.held.contains(renewal.lease) == true else {
            workers[id]?.running = nil
            return
        }
        guard workers[id]?.running != renewal.lease || workers[id]?.progress != renewal.progress else { return }
        workers[id]?.running = renewal.lease
        workers[id]?.progress = renewal.progress
        workers[id]?.progressedAt = now
    }

    /// Notes which leases the worker computes or has computed. A shard that it has just begun is taken from another worker that
    /// has not begun it.
    private mutating func noteBegun(_ leases: [LeaseID], by id: InstanceID, at now: Double) -> [Action] {
        let begun = Set(leases).intersection(workers[id]?.held ?? [])
        let before = workers[id]?.begun ?? []
        workers[id]?.begun = begun
        return leases.filter { begun.contains($0) && !before.contains($0) }.flatMap { begin($0, by: id, at: now) }
    }

    private mutating func begin(_ lease: LeaseID, by id: InstanceID, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: lease.job), case .leased(let grants) = jobs.values[at].states[lease.shard]
        else { return [] }
        var actions: [Action] = []
        var staying: [Grant] = []
        for var grant in grants {
            let own = LeaseID(job: lease.job, shard: lease.shard, epoch: grant.epoch)
            if own == lease, grant.worker == id { grant.since = now }
            if workers[grant.worker]?.begun.contains(own) == true {
                staying.append(grant)
            } else {
                drop(own, from: grant.worker)
                actions.append(.revoke(own, from: grant.worker, reason: "another worker computes the shard"))
            }
        }
        jobs.values[at].states[lease.shard] = .leased(staying)
        return actions
    }

    /// A worker gives leases back, computed or not: nobody is to blame.
    public mutating func handBack(_ id: InstanceID, leases: [LeaseID], at now: Double) -> [Action] {
        for lease in leases where workers[id]?.held.contains(lease) == true {
            giveBack(lease, from: id, notBefore: now)
            change(lease.job) { $0.givenTo[.init(lease)] = nil }
        }
        return grantWaiting(at: now)
    }

    /// A worker said goodbye: whatever it held waits again, and nobody is to blame.
    public mutating func workerLeft(_ id: InstanceID, at now: Double) -> [Action] {
        for lease in workers[id]?.held ?? [] { giveBack(lease, from: id, notBefore: now) }
        workers[id] = nil
        spare.remove(id)
        return grantWaiting(at: now)
    }

    /// A worker is dead. Only the shard that it was running is suspected.
    public mutating func workerGone(_ id: InstanceID, at now: Double) -> [Action] {
        remove(id, at: now) + grantWaiting(at: now)
    }

    /// Time has passed. Leases expire, silent workers are given up, stuck ones are dismissed, and shards that were kept become
    /// free. Idle workers verify, or take a second lease near a job's end.
    public mutating func tick(at now: Double) -> [Action] {
        var actions: [Action] = []
        for (id, worker) in workers.sorted(by: { $0.key.order < $1.key.order }) {
            if worker.lastHeard + policy.leaseSeconds <= now {
                actions += remove(id, at: now)
                continue
            }
            if let lease = worker.running, worker.progressedAt + policy.stallSeconds <= now {
                actions += dismissStalled(id, at: lease, since: worker.progressedAt, now: now)
            }
            for lease in worker.held.sorted(by: { ($0.job, $0.shard, $0.epoch) < ($1.job, $1.shard, $1.epoch) }) {
                actions += expire(lease, of: id, at: now)
            }
        }
        actions += grantWaiting(at: now)
        actions += quarantineTriedOut(at: now)
        actions += giveUpChecks(at: now)
        actions += grantChecks(at: now)
        return actions + speculate(at: now)
    }

    private mutating func expire(_ lease: LeaseID, of id: InstanceID, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: lease.job),
            let grant = jobs.values[at].grants(of: lease.shard).first(where: {
                $0.worker == id && $0.epoch == lease.epoch
            }), grant.deadline <= now
        else { return [] }
        let wasRunning = workers[id]?.running == lease
        giveBack(lease, from: id, notBefore: now)
        let incident = Action.record(.leaseExpired(lease, id, wasRunning: wasRunning))
        return [incident] + (wasRunning ? blame(lease, at: now) : [])
    }

    private mutating func remove(_ id: InstanceID, at now: Double) -> [Action] {
        guard let worker = workers[id] else { return [] }
        for lease in worker.held { giveBack(lease, from: id, notBefore: now) }
        workers[id] = nil
        spare.remove(id)
        let leases = worker.held.sorted { ($0.job, $0.shard) < ($1.job, $1.shard) }
        let incident = Action.record(.workerLost(id, name: worker.author.name, leases: leases))
        return [incident] + (worker.running.map { blame($0, at: now) } ?? [])
    }

    private func isCommitted(by lease: LeaseID) -> Bool {
        guard let at = jobs.index(forKey: lease.job), jobs.values[at].states.indices.contains(lease.shard),
            case .committed(_, lease.epoch, _) = jobs.values[at].states[lease.shard]
        else { return false }
        return true
    }

    /// Extends a lease, makes it the worker's again, or revokes it with the reason.
    private mutating func extend(
        _ lease: LeaseID, of id: InstanceID, isFinished: Bool, at now: Double
    ) -> [Action] {
        guard let at = jobs.index(forKey: lease.job), jobs.values[at].states.indices.contains(lease.shard) else {
            return [.revoke(lease, from: id, reason: "no such shard")]
        }
        guard jobs.values[at].givenTo[.init(lease)] == id else {
            // A result is refused when it comes.
            return isFinished ? [] : [.revoke(lease, from: id, reason: "this lease was not given to this worker")]
        }
        if case .over(let reason) = jobs.values[at].state { return [.revoke(lease, from: id, reason: reason)] }
        if jobs.values[at].extendGrant(lease, of: id, to: now + policy.leaseSeconds) { return [] }
        guard mayCompute(id, for: lease.job) else {
            return [.revoke(lease, from: id, reason: "the job's results are of another number system")]
        }
        let isLatest = lease.epoch == jobs.values[at].epochs[lease.shard]
        switch jobs.values[at].states[lease.shard] {
        case .waiting where isLatest && workers[id]?.isDismissed == false && isFit(id, for: lease.job, at: now):
            jobs.values[at].dequeue(lease.shard)
            jobs.values[at].states[lease.shard] = .leased([newGrant(lease, to: id, at: now)])
            return []
        case .committing(let committing):
            let isAwaited =
                committing.claims.contains { $0.worker == id && $0.lease == lease }
                || committing.grants.contains { $0.worker == id && $0.epoch == lease.epoch }
            return isAwaited ? [] : [.revoke(lease, from: id, reason: "another worker has finished the shard")]
        case .committed(_, lease.epoch, _):
            // Its acknowledgement is on the way.
            return []
        case .committed(_, _, let committer):
            // A verification that it was given before a restart.
            if isLatest, let check = jobs.values[at].checks[lease.shard], check.grant == nil,
                let author = workers[id]?.author, !check.seen.contains(author), author != committer
            {
                let grant = newGrant(lease, to: id, at: now)
                jobs.values[at].checks[lease.shard]?.grant = grant
                return []
            }
            return [.revoke(lease, from: id, reason: "another worker has finished the shard")]
        case .quarantined:
            return isFinished ? [] : [.revoke(lease, from: id, reason: "the shard was given up")]
        case .waiting, .leased:
            return isFinished ? [] : [.revoke(lease, from: id, reason: "the shard was handed out again")]
        }
    }
}

// MARK: - How well workers are heard

extension Scheduler {
    /// A worker as it is shown to people.
    public struct WorkerStatus: Sendable, Hashable {
        public var worker: InstanceID
        public var state: WorkerState
        public var held: Set<LeaseID>
        public var running: LeaseID?
        /// Jobs that it cannot do, and why.
        public var unfit: [JobID: InputError]
        /// Seconds since its last word.
        public var silence: Double
    }

    /// All workers, in a fixed order.
    public func workerStatus(at now: Double) -> [WorkerStatus] {
        workers.sorted { $0.key.order < $1.key.order }.map { id, worker in
            let state: WorkerState =
                isTorpid(id, at: now) ? .torpid : worker.isDismissed || worker.slots == 0 ? .draining : .alive
            return WorkerStatus(
                worker: id, state: state, held: worker.held, running: worker.running,
                unfit: worker.unfit.mapValues(\.error),
                silence: now - worker.lastHeard)
        }
    }

    /// Whether the worker has been silent, or its computation has stood still, for half the time after which it is given up.
    /// Then it gets no new work.
    func isTorpid(_ id: InstanceID, at now: Double) -> Bool {
        guard let worker = workers[id] else { return true }
        if worker.lastHeard + policy.leaseSeconds / 2 <= now { return true }
        return worker.running != nil && worker.progressedAt + policy.stallSeconds / 2 <= now
    }
}
