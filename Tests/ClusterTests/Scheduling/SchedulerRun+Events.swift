import Inputs
import Wire
@testable import Cluster

/// What can happen.
extension SchedulerRun {
    mutating func event() -> [Scheduler.Action] {
        let job = jobs[Int.random(in: jobs.indices, using: &random)]
        let worker = workers[Int.random(in: workers.indices, using: &random)]
        let known = given[worker] ?? []
        let some = known.filter { _ in Bool.random(using: &random) }
        let one = known.randomElement(using: &random)
        let kind = Int.random(in: 0..<28, using: &random)
        trail.append("\(kind) \(job) \(worker.low) \(one?.description ?? "-")")
        switch kind {
        case 0, 1: return ready(job)
        case 2, 3:
            if slots[worker] == nil { slots[worker] = 0 }
            return hello(worker, holding: some)
        case 4, 5, 6:
            guard slots[worker] != nil else { return scheduler.renew(worker, slots: 2, [], at: now) }
            let wanted = Int.random(in: 0...3, using: &random)
            slots[worker] = wanted
            return scheduler.renew(worker, slots: wanted, [], at: now)
        case 7, 8, 9: return renew(worker, some)
        case 10, 11, 12, 13, 14:
            guard let lease = one else { return [] }
            arriving = (digest(of: lease, by: worker), worker)
            return scheduler.resultReceived(lease, digest: digest(of: lease, by: worker), from: worker, at: now)
        case 15, 16, 17, 18: return endCommit()
        case 19:
            guard let lease = one else { return [] }
            let causes: [FailureCause] = fragile.contains(worker) ? [.unknown, .unknown, .worker] : [.worker]
            let isPermanent = Int.random(in: 0..<10, using: &random) == 0
            return scheduler.shardFailed(
                lease, error: InputError("shard", expected: "luck", found: "none"),
                cause: isPermanent ? .shard : causes.randomElement(using: &random) ?? .worker, from: worker, at: now)
        case 20: return scheduler.handBack(worker, leases: some, at: now)
        case 21:
            slots[worker] = nil
            return Bool.random(using: &random)
                ? scheduler.workerGone(worker, at: now) : scheduler.workerLeft(worker, at: now)
        case 22:
            guard Int.random(in: 0..<12, using: &random) == 0, stored[job] != nil else { return [] }
            if stored[job]?.ended == nil { stored[job]?.ended = "cancelled" }
            return scheduler.cancel(job, at: now)
        case 23:
            guard let lease = one, scheduler.isCurrent(lease, of: worker) else { return [] }
            scheduler.grantFailed(lease, to: worker, at: now)
            return []
        case 24:
            return Int.random(in: 0..<8, using: &random) == 0 ? restart() : []
        case 25: return isLiar(worker) ? usurp(worker) : []
        default:
            now += Double.random(in: 0...4, using: &random)
            return honestRenewals() + scheduler.tick(at: now)
        }
    }

    /// A liar delivers a result for a lease that it never had, or says that it holds it. Nothing may come of that.
    private mutating func usurp(_ liar: InstanceID) -> [Scheduler.Action] {
        let foreign = given.filter { $0.key != liar }.values.flatMap(\.self).filter {
            given[liar]?.contains($0) != true
        }
        guard var lease = foreign.sorted(by: { "\($0)" < "\($1)" }).randomElement(using: &random) else { return [] }
        if Int.random(in: 0..<4, using: &random) == 0 { lease.epoch += 1 }
        guard given[liar]?.contains(lease) != true else { return [] }
        counts["usurped", default: 0] += 1
        arriving = (digest(of: lease, by: liar), liar)
        let actions =
            Bool.random(using: &random)
            ? scheduler.resultReceived(lease, digest: digest(of: lease, by: liar), from: liar, at: now)
            : scheduler.renew(liar, slots: slots[liar] ?? 2, [Renewal(lease: lease, progress: 7)], at: now)
        let isTaken = actions.contains { action in
            switch action {
            case .commit, .compare, .keepChallenge: true
            case .acknowledge(_, let worker): worker == liar
            default: false
            }
        }
        guard !isTaken, scheduler.workers[liar]?.held.contains(lease) != true else {
            return [.failJob(lease.job, InputError("\(lease) was taken from a usurper", expected: "", found: ""))]
        }
        return actions
    }

    private mutating func renew(_ worker: InstanceID, _ leases: [LeaseID]) -> [Scheduler.Action] {
        let renewals = leases.map { lease in
            progress += 1
            let running = isHonest(worker) ? progress : 5
            return Renewal(lease: lease, progress: [0, running, .max].randomElement(using: &random) ?? 0)
        }
        return scheduler.renew(worker, slots: slots[worker] ?? 2, renewals, at: now)
    }

    /// An honest worker that runs something says so again before it passes for one that stands still.
    private mutating func honestRenewals() -> [Scheduler.Action] {
        var actions: [Scheduler.Action] = []
        for worker in workers where isHonest(worker) {
            guard let known = scheduler.workers[worker], let running = known.running,
                known.progressedAt + policy.stallSeconds / 2 <= now
            else { continue }
            progress += 1
            actions += scheduler.renew(
                worker, slots: slots[worker] ?? 2, [Renewal(lease: running, progress: progress)], at: now)
        }
        return actions
    }

    private mutating func endCommit() -> [Scheduler.Action] {
        guard !commitsUnderWay.isEmpty else { return [] }
        let at = Int.random(in: commitsUnderWay.indices, using: &random)
        let (lease, digest, worker) = commitsUnderWay.remove(at: at)
        guard Int.random(in: 0..<8, using: &random) > 0 else { return scheduler.commitFailed(lease, at: now) }
        return store(lease, digest, of: worker)
    }

    /// The result is in the store.
    mutating func store(_ lease: LeaseID, _ digest: Digest, of worker: InstanceID) -> [Scheduler.Action] {
        if shard(lease).commit != nil {
            return [.failJob(lease.job, InputError("committed twice: \(lease)", expected: "", found: ""))]
        }
        if let job = stored[lease.job], job.isPinned, job.numberSystem != numberSystem(worker) {
            return [.failJob(lease.job, InputError("of another system: \(lease)", expected: "", found: ""))]
        }
        let author = author(worker)
        change(lease.job, lease.shard) {
            $0.commit = (digest, lease.epoch, author)
            $0.quarantined = nil
        }
        return scheduler.commitFinished(lease, at: now)
    }

    private mutating func ready(_ job: JobID) -> [Scheduler.Action] {
        guard stored[job] == nil else { return [] }
        var new = StoredJob(shards: (0..<Int.random(in: 0...5, using: &random)).map { _ in Stored() })
        new.isPinned = Int.random(in: 0..<4, using: &random) == 0
        if new.isPinned { new.numberSystem = Bool.random(using: &random) ? nil : "system 0" }
        for index in new.shards.indices {
            if Int.random(in: 0..<3, using: &random) == 0 { new.wanted.insert(index) }
            guard Bool.random(using: &random) else { continue }
            if new.isPinned { new.numberSystem = "system 0" }
            let lease = LeaseID(job: job, shard: index, epoch: Int.random(in: 1...3, using: &random))
            new.shards[index].epoch = lease.epoch
            if Bool.random(using: &random) {
                new.shards[index].commit = (digest(of: lease), lease.epoch, Author(id: "before", name: "before:1"))
            }
            guard let holder = workers.randomElement(using: &random) else { continue }
            new.shards[index].holder = holder
            given[holder, default: []].append(lease)
        }
        stored[job] = new
        return resume(job)
    }

    /// The coordinator is killed, at whatever moment, and starts again from what it stored.
    private mutating func restart() -> [Scheduler.Action] {
        counts["restarts", default: 0] += 1
        if stored.values.contains(where: { $0.ended == nil && $0.shards.contains { $0.challenge != nil } }) {
            counts["restarts in a dispute", default: 0] += 1
        }
        commitsUnderWay = []
        slots = [:]
        scheduler = Scheduler(policy: policy, convicted: convicted)
        return jobs.filter { stored[$0] != nil && stored[$0]?.ended == nil }.flatMap { resume($0) }
    }

    private mutating func resume(_ id: JobID) -> [Scheduler.Action] {
        guard let job = stored[id], let order = jobs.firstIndex(of: id) else { return [] }
        let shards = job.shards.map { shard in
            Scheduler.StoredShard(
                epoch: shard.epoch, holder: shard.holder,
                committed: shard.commit.map { .init(digest: $0.digest, epoch: $0.epoch, author: $0.author) },
                quarantined: shard.quarantined, verification: shard.verification,
                challenge: shard.challenge.map { .init(author: $0.author, what: $0.what) },
                wasDisputed: shard.wasDisputed)
        }
        return scheduler.jobReady(
            id, order: order, shards: shards, verified: job.wanted, isPinned: job.isPinned,
            numberSystem: job.numberSystem, at: now)
    }
}
