import Inputs
import Testing
import Wire
@testable import Cluster

/// Disputes through restarts, and results that cannot be compared.
@Suite struct SchedulerDisputeTests {
    let job: JobID
    let a = InstanceID(high: 0, low: 1)
    let b = InstanceID(high: 0, low: 2)
    let c = InstanceID(high: 0, low: 3)
    var scheduler = Scheduler(policy: .init(leaseSeconds: 1_000, graceSeconds: 0))

    init() throws { job = try #require(JobID("j")) }

    func lease(_ shard: Int, _ epoch: Int) -> LeaseID { LeaseID(job: job, shard: shard, epoch: epoch) }

    func author(_ worker: InstanceID) -> Author { Author(worker, key: nil, name: "h\(worker.low):1") }

    mutating func join(_ worker: InstanceID, at now: Double = 0) -> [Scheduler.Action] {
        scheduler.workerHello(worker, name: "h\(worker.low):1", numberSystem: "s", holding: [], at: now)
            + scheduler.renew(worker, slots: 1, [], at: now)
    }

    /// A shard that `a` computed, as the store has it.
    func committed(challenge: Scheduler.StoredShard.Challenge? = nil) -> Scheduler.StoredShard {
        Scheduler.StoredShard(
            epoch: 2, committed: .init(digest: Digest(of: "wrong"), epoch: 1, author: author(a)),
            challenge: challenge, wasDisputed: challenge != nil)
    }

    @Test(
        "a dispute goes on after a restart: neither party decides it, the job does not end before, and the third convicts"
    )
    mutating func restart() {
        let shard = committed(challenge: .init(author: author(b), what: "much"))
        #expect(scheduler.jobReady(job, order: 1, shards: [shard], at: 0).isEmpty, "it does not end in a dispute")
        for worker in [a, b] { #expect(join(worker).isEmpty) }
        #expect(scheduler.tick(at: 1).isEmpty, "those who differ have had their say")
        _ = join(c, at: 1)
        #expect(scheduler.tick(at: 1) == [.grant(lease(0, 3), to: c, .verification)])
        #expect(
            scheduler.resultReceived(lease(0, 3), digest: Digest(of: "r"), from: c, at: 2) == [
                .compare(lease(0, 3), from: c, challenger: true)
            ])
        let actions = scheduler.compared(
            lease(0, 3), committed: .differs("much"), challenger: .agrees, from: c, at: 2)
        #expect(actions.contains(.convict(author(a), what: "much")))
        #expect(actions.contains(.retract(job, shards: [0])) && actions.contains(.dropChallenge(job, shard: 0)))
        #expect(scheduler.brokenInvariant() == nil)
    }

    @Test("who was convicted stays so after a restart, and a new life of its process is another one")
    mutating func convicted() {
        scheduler = Scheduler(policy: scheduler.policy, convicted: [author(a)])
        _ = scheduler.jobReady(job, order: 1, shards: [.init(), .init()], at: 0)
        #expect(
            join(a) == [.dismiss(a, reason: "its numbers were found wrong before", atOnce: true)])
        // The same host and process number.
        let next = InstanceID(high: 7, low: 1)
        #expect(join(next) == [.grant(lease(0, 1), to: next, .first)])
    }

    @Test(
        "one key is one voice: its workers do not verify or judge each other, and all of them leave when it is convicted"
    )
    mutating func oneKey() throws {
        let rogue = try #require(PublicKey(String(repeating: "r", count: 40)))
        let honest = try #require(PublicKey(String(repeating: "h", count: 40)))
        let third = try #require(PublicKey(String(repeating: "t", count: 40)))
        func come(_ worker: InstanceID, _ key: PublicKey, at now: Double) -> [Scheduler.Action] {
            _ = scheduler.workerHello(
                worker, key: key, name: "h\(worker.low):1", numberSystem: "s", holding: [], at: now)
            return scheduler.renew(worker, slots: 1, [], at: now)
        }
        scheduler = Scheduler(policy: .init(leaseSeconds: 1_000, verifySeconds: 5))
        _ = scheduler.jobReady(job, order: 1, shards: [.init()], verified: [0], at: 0)
        let (other, d) = (InstanceID(high: 0, low: 7), InstanceID(high: 0, low: 8))
        #expect(come(a, honest, at: 0) == [.grant(lease(0, 1), to: a, .first)])
        _ = scheduler.resultReceived(lease(0, 1), digest: Digest(of: "right"), from: a, at: 0)
        _ = scheduler.commitFinished(lease(0, 1), at: 0)
        // The rogue disagrees, and is not asked a second time under another name.
        _ = come(b, rogue, at: 1)
        #expect(scheduler.tick(at: 1) == [.grant(lease(0, 2), to: b, .verification)])
        _ = scheduler.resultReceived(lease(0, 2), digest: Digest(of: "wrong"), from: b, at: 1)
        _ = scheduler.compared(lease(0, 2), committed: .differs("much"), challenger: nil, from: b, at: 1)
        _ = come(other, rogue, at: 1)
        #expect(scheduler.tick(at: 2).isEmpty)
        // A third key decides.
        _ = come(d, third, at: 3)
        #expect(scheduler.tick(at: 3) == [.grant(lease(0, 3), to: d, .verification)])
        _ = scheduler.resultReceived(lease(0, 3), digest: Digest(of: "right"), from: d, at: 3)
        #expect(scheduler.convicted == [Author(b, key: rogue, name: "h2:1")])
        #expect(scheduler.workers[other]?.isDismissed == true && scheduler.workers[b]?.isDismissed == true)
        #expect(scheduler.workers[a]?.isDismissed == false)
        // A restart, and a new life of it, change nothing.
        scheduler = Scheduler(policy: scheduler.policy, convicted: scheduler.convicted)
        _ = scheduler.jobReady(job, order: 1, shards: [.init()], at: 4)
        #expect(come(InstanceID(high: 7, low: 7), rogue, at: 4).isEmpty)
        #expect(scheduler.brokenInvariant() == nil)
    }

    @Test("a result for a lease that another worker has is refused, and changes nothing for that worker")
    mutating func usurped() {
        scheduler = Scheduler(policy: scheduler.policy)
        _ = scheduler.jobReady(job, order: 1, shards: [.init(), .init()], at: 0)
        #expect(join(a) == [.grant(lease(0, 1), to: a, .first)])
        #expect(join(b) == [.grant(lease(1, 1), to: b, .first)])
        #expect(
            scheduler.resultReceived(lease(0, 1), digest: Digest(of: "wrong"), from: b, at: 1) == [
                .reject(lease(0, 1), to: b, reason: "this lease was not given to this worker")
            ])
        #expect(
            scheduler.renew(b, slots: 1, [Renewal(lease: lease(0, 1), progress: 3)], at: 1) == [
                .revoke(lease(0, 1), from: b, reason: "this lease was not given to this worker")
            ])
        #expect(
            scheduler.resultReceived(lease(0, 1), digest: Digest(of: "right"), from: a, at: 2) == [
                .commit(lease(0, 1), Digest(of: "right"))
            ])
    }

    @Test("a result that cannot be held against the committed one is not asked for again and again")
    mutating func unreadable() {
        scheduler = Scheduler(policy: .init(leaseSeconds: 1_000, verifySeconds: 5))
        _ = scheduler.jobReady(job, order: 1, shards: [committed()], verified: [0], at: 0)
        var sent = 0
        for round in 0..<10 {
            let worker = InstanceID(high: 1, low: UInt64(round))
            _ = join(worker, at: Double(round))
            for case .grant(let lease, let worker, .verification) in scheduler.tick(at: Double(round)) {
                sent += 1
                _ = scheduler.resultReceived(lease, digest: Digest(of: "r"), from: worker, at: Double(round))
                let actions = scheduler.compared(
                    lease, committed: .unknown, challenger: nil, from: worker, at: Double(round))
                #expect(actions.contains(.acknowledge(lease, to: worker)))
                #expect(!actions.contains { if case .askWho = $0 { true } else { false } })
            }
        }
        #expect(sent == 3)
        #expect(scheduler.jobs[job]?.isRunning == false, "the job ends, and says that the shard was not verified")
    }

    @Test("a committed result that is damaged in the store is computed again")
    mutating func damaged() {
        _ = scheduler.jobReady(job, order: 1, shards: [committed()], verified: [0], at: 0)
        _ = join(b)
        #expect(scheduler.tick(at: 1) == [.grant(lease(0, 3), to: b, .verification)])
        let actions = scheduler.compared(lease(0, 3), committed: .damaged, challenger: nil, from: b, at: 1)
        #expect(
            actions == [
                .record(.damaged(lease(0, 3))), .retract(job, shards: [0]),
                .reject(lease(0, 3), to: b, reason: "the shard is computed again"),
                .grant(lease(0, 4), to: b, .again),
            ])
        #expect(scheduler.jobs[job]?.toVerify == [0], "and verified again")
    }

    @Test("a challenge that was lost is replaced by the third result: nobody is convicted for it")
    mutating func lostChallenge() {
        let shard = committed(challenge: .init(author: author(b), what: "much"))
        _ = scheduler.jobReady(job, order: 1, shards: [shard], at: 0)
        _ = join(c)
        _ = scheduler.tick(at: 1)
        let actions = scheduler.compared(
            lease(0, 3), committed: .differs("much"), challenger: .unknown, from: c, at: 1)
        #expect(actions.contains(.keepChallenge(lease(0, 3), by: author(c), what: "much")))
        #expect(!actions.contains { if case .failJob = $0 { true } else { false } })
        _ = join(b)
        #expect(scheduler.tick(at: 1) == [.grant(lease(0, 4), to: b, .verification)])
    }
}
