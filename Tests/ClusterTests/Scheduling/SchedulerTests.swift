import Inputs
import Testing
import Wire
@testable import Cluster

@Suite struct SchedulerTests {
    let job: JobID
    let other: JobID
    let a = InstanceID(high: 0, low: 1)
    let b = InstanceID(high: 0, low: 2)
    var scheduler = Scheduler(policy: .init(leaseSeconds: 10, graceSeconds: 5))

    init() throws {
        job = try #require(JobID("j"))
        other = try #require(JobID("k"))
    }

    func lease(_ shard: Int, _ epoch: Int, of job: JobID? = nil) -> LeaseID {
        LeaseID(job: job ?? self.job, shard: shard, epoch: epoch)
    }

    mutating func join(_ worker: InstanceID, slots: Int = 1, at now: Double = 0) -> [Scheduler.Action] {
        scheduler.workerHello(worker, name: "h\(worker.low):1", numberSystem: "s", holding: [], at: now)
            + scheduler.renew(worker, slots: slots, [], at: now)
    }

    mutating func start(_ job: JobID, order: Int, shards: Int) -> [Scheduler.Action] {
        scheduler.jobReady(job, order: order, shards: .init(repeating: .init(), count: shards), at: 0)
    }

    let failure = InputError("gpu", expected: "luck", found: "none", kind: .temporary)

    @Test("jobs have their turn in the order of submission, shards by index, and nobody gets more than his slots")
    mutating func order() {
        _ = start(other, order: 2, shards: 2)
        _ = start(job, order: 1, shards: 2)
        #expect(
            join(a, slots: 3) == [
                .grant(lease(0, 1), to: a, .first), .grant(lease(1, 1), to: a, .first),
                .grant(lease(0, 1, of: other), to: a, .first),
            ])
        #expect(join(b, slots: 3) == [.grant(lease(1, 1, of: other), to: b, .first)])
    }

    @Test("a worker whose words came before the job was ready, and are read after it, gets its shards")
    mutating func earlyWords() {
        _ = scheduler.jobReady(job, order: 1, shards: .init(repeating: .init(), count: 2), at: 10)
        #expect(join(a, slots: 1, at: 9) == [.grant(lease(0, 1), to: a, .first)])
    }

    @Test("shards that wait for their time are passed over, whatever comes after them")
    mutating func passedOver() {
        let held = Scheduler.StoredShard(epoch: 1, holder: b)
        _ = scheduler.jobReady(job, order: 1, shards: [held, .init(), held, .init()], at: 0)
        #expect(
            join(a, slots: 4, at: 1) == [.grant(lease(1, 1), to: a, .first), .grant(lease(3, 1), to: a, .first)])
        #expect(
            scheduler.renew(a, slots: 4, [lease(1, 1), lease(3, 1)].map { Renewal(lease: $0, progress: 0) }, at: 5)
                == [.grant(lease(0, 2), to: a, .again), .grant(lease(2, 2), to: a, .again)])
    }

    @Test("two workers that are both free share the shards")
    mutating func sharing() {
        _ = join(a, slots: 2)
        _ = join(b, slots: 2)
        #expect(
            start(job, order: 1, shards: 2) == [.grant(lease(0, 1), to: a, .first), .grant(lease(1, 1), to: b, .first)])
    }

    @Test("a failed shard goes to another worker first, and back to the same one only where there is no other")
    mutating func retries() {
        _ = join(a, slots: 1)
        _ = join(b, slots: 1)
        _ = start(job, order: 1, shards: 1)
        var actions = scheduler.shardFailed(lease(0, 1), error: failure, cause: .unknown, from: a, at: 1)
        #expect(actions.last == .grant(lease(0, 2), to: b, .again))
        actions = scheduler.workerLeft(b, at: 2)
        #expect(actions == [.grant(lease(0, 3), to: a, .again)])
        _ = scheduler.shardFailed(lease(0, 3), error: failure, cause: .unknown, from: a, at: 3)
        actions = scheduler.shardFailed(lease(0, 4), error: failure, cause: .unknown, from: a, at: 4)
        #expect(!actions.contains { if case .quarantine = $0 { true } else { false } }, "on two workers, not on three")
        _ = scheduler.renew(a, slots: 1, [], at: 123)
        actions = scheduler.tick(at: 124)
        let error = InputError(
            "shard 0", expected: "a result within 3 attempts", found: "a failure each time, at last: \(failure)",
            kind: .temporary)
        #expect(actions.contains(.failJob(job, error)))
    }

    @Test(
        "permanent failures are not tried again; when nothing else comes of a job it fails, and takes back its leases")
    mutating func permanent() {
        _ = join(a)
        _ = join(b)
        _ = start(job, order: 1, shards: 9)
        for shard in [0, 2] {
            let actions = scheduler.shardFailed(lease(shard, 1), error: failure, cause: .shard, from: a, at: 1)
            #expect(actions.contains(.quarantine(job, shard: shard, failure)))
        }
        let actions = scheduler.shardFailed(lease(3, 1), error: failure, cause: .shard, from: a, at: 1)
        #expect(
            actions.suffix(2) == [.failJob(job, failure), .revoke(lease(1, 1), from: b, reason: "the job failed")])
        let late = scheduler.resultReceived(lease(1, 1), digest: Digest(of: "x"), from: b, at: 2)
        #expect(late == [.reject(lease(1, 1), to: b, reason: "the job failed")])
    }

    /// Commits a shard in one step.
    mutating func commit(_ lease: LeaseID, _ digest: Digest, from worker: InstanceID, at now: Double = 1)
        -> [Scheduler.Action]
    {
        let actions = scheduler.resultReceived(lease, digest: digest, from: worker, at: now)
        return actions == [.commit(lease, digest)] ? scheduler.commitFinished(lease, at: now) : actions
    }

    @Test(
        "a shard that fails on three different workers is quarantined and the job ends without it; retried, it is whole"
    )
    mutating func quarantine() {
        let workers = (1...3).map { InstanceID(high: 5, low: $0) }
        let busy = InstanceID(high: 6, low: 1)
        _ = start(other, order: 2, shards: 1)
        _ = start(job, order: 1, shards: 2)
        _ = join(a, slots: 2)
        _ = join(busy)
        _ = commit(lease(1, 1), Digest(of: "r"), from: a)
        _ = scheduler.workerLeft(a, at: 1)
        for (at, worker) in workers.enumerated() {
            #expect(join(worker, at: 1) == [.grant(lease(0, at + 2), to: worker, .again)])
            // Somebody else is there, too, and busy, so that it is not for want of others that the shard is given up.
            if at == 0 { _ = scheduler.renew(busy, slots: 1, [], at: 1) }
            let actions = scheduler.shardFailed(
                lease(0, at + 2), error: failure, cause: .unknown, from: worker, at: 1)
            _ = scheduler.renew(worker, slots: 0, [], at: 1)
            guard at == 2 else { continue }
            let error = InputError(
                "shard 0", expected: "a result within 3 attempts",
                found: "a failure each time, at last: \(failure)", kind: .temporary)
            #expect(actions.suffix(2) == [.quarantine(job, shard: 0, error), .finishJob(job, missing: [0: error])])
        }
        let shards: [Scheduler.StoredShard] = [
            .init(epoch: 4),
            .init(
                epoch: 1, committed: .init(digest: Digest(of: "r"), epoch: 1, author: Author(id: "h1:1", name: "h1:1"))),
        ]
        _ = scheduler.jobReady(job, order: 1, shards: shards, at: 2)
        _ = join(a, at: 8)
        #expect(scheduler.isCurrent(lease(0, 5), of: a))
        #expect(commit(lease(0, 5), Digest(of: "q"), from: a, at: 8).contains(.finishJob(job, missing: [:])))
    }

    @Test(
        "a worker that fails shard after shard is sent away once others get on with the job, and the shards are not blamed"
    )
    mutating func brokenWorker() {
        _ = join(b)
        _ = start(job, order: 1, shards: 9)
        _ = join(a)
        for shard in [1, 2] {
            let actions = scheduler.shardFailed(lease(shard, 1), error: failure, cause: .unknown, from: a, at: 1)
            #expect(actions.suffix(1) == [.grant(lease(shard + 1, 1), to: a, .first)], "not the one that failed")
        }
        #expect(commit(lease(0, 1), Digest(of: "r"), from: b).suffix(1) == [.grant(lease(1, 2), to: b, .again)])
        let actions = scheduler.shardFailed(lease(3, 1), error: failure, cause: .unknown, from: a, at: 1)
        #expect(actions.contains { if case .dismiss(a, _, false) = $0 { true } else { false } })
        #expect(scheduler.jobs[job]?.troubles.values.allSatisfy { $0.failures.isEmpty } == true)
        #expect(scheduler.brokenInvariant() == nil)
    }

    @Test("a computation that stands still is taken from its worker, who is sent away, although it keeps answering")
    mutating func stalled() {
        scheduler = Scheduler(policy: .init(leaseSeconds: 10, stallSeconds: 30))
        _ = start(job, order: 1, shards: 2)
        _ = join(a)
        var actions: [Scheduler.Action] = []
        for second in stride(from: 1.0, through: 31, by: 5) {
            _ = scheduler.renew(a, slots: 1, [Renewal(lease: lease(0, 1), progress: 7)], at: second)
            actions += scheduler.tick(at: second)
            if second == 16 { #expect(scheduler.workerStatus(at: second)[0].state == .torpid) }
        }
        #expect(actions.contains { if case .dismiss(a, _, true) = $0 { true } else { false } })
        #expect(actions.contains { if case .record(.shardFailed(lease(0, 1), a, _)) = $0 { true } else { false } })
        #expect(join(b, at: 31) == [.grant(lease(0, 2), to: b, .again)])
    }

    @Test("a silent worker gets no new work before it is given up")
    mutating func torpid() {
        _ = join(a, slots: 2)
        #expect(scheduler.workerStatus(at: 4.9)[0].state == .alive)
        #expect(scheduler.workerStatus(at: 5)[0].state == .torpid)
        let shards = [Scheduler.StoredShard](repeating: .init(), count: 1)
        #expect(scheduler.jobReady(job, order: 1, shards: shards, at: 6).isEmpty)
        #expect(scheduler.renew(a, slots: 2, [], at: 7) == [.grant(lease(0, 1), to: a, .first)])
    }

    @Test(
        "the end of a job is given out twice: at once what nobody computes, later what takes long; the first result counts"
    )
    mutating func speculation() {
        _ = start(job, order: 1, shards: 3)
        _ = join(a, slots: 3)
        _ = scheduler.renew(a, slots: 3, [Renewal(lease: lease(0, 1), progress: 1)], at: 1)
        _ = join(b, slots: 1, at: 1)
        #expect(scheduler.tick(at: 1) == [.grant(lease(1, 2), to: b, .speculation)])
        #expect(
            commit(lease(1, 2), Digest(of: "1"), from: b, at: 2).contains(
                .revoke(lease(1, 1), from: a, reason: "another worker has finished the shard")))
        #expect(scheduler.tick(at: 2) == [.grant(lease(2, 2), to: b, .speculation)])
        _ = commit(lease(2, 2), Digest(of: "2"), from: b, at: 3)
        // A shard takes a second here, by now.
        _ = scheduler.renew(a, slots: 3, [Renewal(lease: lease(0, 1), progress: 2)], at: 3)
        #expect(scheduler.tick(at: 3) == [.grant(lease(0, 2), to: b, .speculation)])
        let first = commit(lease(0, 1), Digest(of: "0"), from: a, at: 4)
        #expect(first.contains(.revoke(lease(0, 2), from: b, reason: "another worker has finished the shard")))
        #expect(first.contains(.finishJob(job, missing: [:])))
    }

    @Test("who begins a shard first computes it alone; its time counts from then on")
    mutating func begun() {
        _ = start(job, order: 1, shards: 2)
        _ = join(a, slots: 2)
        _ = scheduler.renew(a, slots: 2, [Renewal(lease: lease(0, 1), progress: 1)], at: 0)
        _ = join(b, slots: 1, at: 1)
        #expect(scheduler.tick(at: 1) == [.grant(lease(1, 2), to: b, .speculation)])
        #expect(
            scheduler.renew(b, slots: 1, [Renewal(lease: lease(1, 2), progress: 1)], at: 2)
                == [.revoke(lease(1, 1), from: a, reason: "another worker computes the shard")])
        // The first shard takes one second, counted from its beginning.
        _ = commit(lease(0, 1), Digest(of: "0"), from: a, at: 1 + 1)
        for time in [3.0, 3.9] {
            _ = scheduler.renew(b, slots: 1, [Renewal(lease: lease(1, 2), progress: UInt64(time * 10))], at: time)
            _ = scheduler.renew(a, slots: 2, [], at: time)
            #expect(scheduler.tick(at: time).isEmpty)
        }
        _ = scheduler.renew(b, slots: 1, [Renewal(lease: lease(1, 2), progress: 40)], at: 6)
        _ = scheduler.renew(a, slots: 2, [], at: 6)
        #expect(scheduler.tick(at: 6) == [.grant(lease(1, 3), to: a, .speculation)])
        // Now both compute it.
        #expect(scheduler.renew(a, slots: 2, [Renewal(lease: lease(1, 3), progress: 1)], at: 6).isEmpty)
    }

    @Test("a result on its way is not computed again")
    mutating func onItsWay() {
        _ = start(job, order: 1, shards: 2)
        _ = join(a, slots: 2)
        let both = [
            Renewal(lease: lease(0, 1), progress: Renewal.finished), Renewal(lease: lease(1, 1), progress: 1),
        ]
        _ = scheduler.renew(a, slots: 2, both, at: 0)
        _ = join(b, slots: 1, at: 1)
        #expect(scheduler.tick(at: 1).isEmpty)
    }

    @Test("a verified shard is computed again by another worker, on another machine where there is one")
    mutating func verification() {
        _ = scheduler.jobReady(job, order: 1, shards: [.init()], verified: [0], at: 0)
        _ = join(a)
        #expect(!commit(lease(0, 1), Digest(of: "r"), from: a).contains(.finishJob(job, missing: [:])))
        #expect(scheduler.tick(at: 1).isEmpty, "not by the same worker")
        _ = join(b, at: 1)
        #expect(scheduler.tick(at: 1) == [.grant(lease(0, 2), to: b, .verification)])
        let actions = scheduler.resultReceived(lease(0, 2), digest: Digest(of: "r"), from: b, at: 2)
        #expect(
            actions == [
                .noteVerification(
                    job, shard: 0, .agreed, by: [Author(a, key: nil, name: "h1:1"), Author(b, key: nil, name: "h2:1")]),
                .acknowledge(lease(0, 2), to: b),
                .finishJob(job, missing: [:]),
            ])
    }

    @Test("for want of a second worker a shard stays unverified, which is noted, and the job ends")
    mutating func unverified() {
        _ = scheduler.jobReady(job, order: 1, shards: [.init()], verified: [0], at: 0)
        _ = join(a)
        _ = commit(lease(0, 1), Digest(of: "r"), from: a)
        _ = scheduler.renew(a, slots: 1, [], at: 118)
        #expect(scheduler.tick(at: 120).isEmpty)
        #expect(
            scheduler.tick(at: 121) == [
                .noteVerification(job, shard: 0, .skipped, by: []), .finishJob(job, missing: [:]),
            ])
    }

    @Test("of two workers that disagree a third one finds the bad one, whose results are taken back")
    mutating func conviction() {
        let c = InstanceID(high: 0, low: 3)
        _ = scheduler.jobReady(job, order: 1, shards: [.init(), .init()], verified: [0], at: 0)
        _ = join(a, slots: 2)
        _ = commit(lease(0, 1), Digest(of: "wrong"), from: a)
        _ = commit(lease(1, 1), Digest(of: "wrong, too"), from: a)
        _ = join(b, at: 1)
        _ = scheduler.tick(at: 1)
        #expect(
            scheduler.resultReceived(lease(0, 2), digest: Digest(of: "r"), from: b, at: 2) == [
                .compare(lease(0, 2), from: b, challenger: false)
            ])
        var actions = scheduler.compared(lease(0, 2), committed: .differs("much"), challenger: nil, from: b, at: 2)
        #expect(
            actions == [
                .keepChallenge(lease(0, 2), by: Author(b, key: nil, name: "h2:1"), what: "much"),
                .record(.disputed(lease(0, 2), committer: "h1:1", challenger: "h2:1", what: "much")),
                .acknowledge(lease(0, 2), to: b),
            ])
        _ = join(c, at: 2)
        #expect(scheduler.tick(at: 2) == [.grant(lease(0, 3), to: c, .verification)])
        actions = scheduler.resultReceived(lease(0, 3), digest: Digest(of: "r"), from: c, at: 3)
        #expect(actions == [.compare(lease(0, 3), from: c, challenger: true)])
        actions = scheduler.compared(lease(0, 3), committed: .differs("much"), challenger: .agrees, from: c, at: 3)
        #expect(actions.contains(.retract(job, shards: [0, 1])))
        #expect(
            actions.contains(
                .record(
                    .convicted(
                        Author(a, key: nil, name: "h1:1"), lease(0, 3), witnesses: ["h2:1", "h3:1"], what: "much"))))
        #expect(actions.contains(.convict(Author(a, key: nil, name: "h1:1"), what: "much")))
        #expect(actions.contains { if case .dismiss(a, _, true) = $0 { true } else { false } })
        #expect(scheduler.brokenInvariant() == nil)
        let late = scheduler.resultReceived(lease(0, 1), digest: Digest(of: "wrong"), from: a, at: 3)
        #expect(late == [.reject(lease(0, 1), to: a, reason: "this worker's numbers were found wrong")])
    }

    @Test("a job about which two workers disagree and nobody can decide fails, naming both")
    mutating func undecided() {
        _ = scheduler.jobReady(job, order: 1, shards: [.init()], verified: [0], at: 0)
        _ = join(a)
        _ = commit(lease(0, 1), Digest(of: "x"), from: a)
        _ = join(b, at: 1)
        _ = scheduler.tick(at: 1)
        _ = scheduler.resultReceived(lease(0, 2), digest: Digest(of: "y"), from: b, at: 2)
        _ = scheduler.compared(lease(0, 2), committed: .differs("much"), challenger: nil, from: b, at: 2)
        for worker in [a, b] { _ = scheduler.renew(worker, slots: 1, [], at: 125) }
        let failed = scheduler.tick(at: 125).compactMap { if case .failJob(_, let error) = $0 { error } else { nil } }
        #expect(failed.map(\.found) == ["two that differ, by h1:1 and h2:1: much"])
    }

    @Test("a coordinator that drains hands out nothing and still takes results")
    mutating func draining() {
        _ = start(job, order: 1, shards: 2)
        _ = join(a)
        scheduler.stopGranting()
        #expect(commit(lease(0, 1), Digest(of: "r"), from: a) == [.acknowledge(lease(0, 1), to: a)])
        #expect(scheduler.tick(at: 2).isEmpty)
    }

    @Test("only the shard that was running is blamed for a lost worker, and only so often")
    mutating func blame() {
        _ = start(job, order: 1, shards: 2)
        for loss in 1...5 {
            let worker = InstanceID(high: 1, low: UInt64(loss))
            #expect(
                join(worker, slots: 2) == [
                    .grant(lease(0, loss), to: worker, loss == 1 ? .first : .again),
                    .grant(lease(1, loss), to: worker, loss == 1 ? .first : .again),
                ])
            let renewals = [Renewal(lease: lease(0, loss), progress: 0), Renewal(lease: lease(1, loss), progress: 7)]
            #expect(scheduler.renew(worker, slots: 2, renewals, at: 0).isEmpty)
            let actions = scheduler.workerGone(worker, at: 0)
            let given = actions.compactMap { if case .quarantine(_, let shard, _) = $0 { shard } else { nil } }
            #expect(given == (loss == 5 ? [1] : []))
        }
    }

    @Test("a lease that is renewed lives; one that is not goes out again under a higher epoch")
    mutating func expiry() {
        _ = start(job, order: 1, shards: 2)
        _ = join(a, slots: 2)
        _ = scheduler.renew(a, slots: 2, [Renewal(lease: lease(0, 1), progress: 3)], at: 8)
        let actions = scheduler.tick(at: 11)
        #expect(
            actions == [.record(.leaseExpired(lease(1, 1), a, wasRunning: false)), .grant(lease(1, 2), to: a, .again)])
        #expect(
            scheduler.renew(a, slots: 2, [Renewal(lease: lease(1, 1), progress: 0)], at: 12) == [
                .revoke(lease(1, 1), from: a, reason: "the shard was handed out again")
            ])
        #expect(scheduler.renew(a, slots: 2, [Renewal(lease: lease(1, 1), progress: Renewal.finished)], at: 12).isEmpty)
    }

    @Test("a result that comes after its lease's end still counts when it is the first; the other worker is told")
    mutating func lateResult() {
        _ = start(job, order: 1, shards: 1)
        _ = join(a)
        _ = scheduler.tick(at: 11)
        _ = join(b, at: 11)
        #expect(scheduler.resultReceived(lease(0, 1), digest: Digest(of: "r"), from: a, at: 12) == [.askWho(a)])
        #expect(scheduler.workerHello(a, name: "h1:1", numberSystem: "s", holding: [lease(0, 1)], at: 12).isEmpty)
        let digest = Digest(of: "r")
        #expect(
            scheduler.resultReceived(lease(0, 1), digest: digest, from: a, at: 12) == [.commit(lease(0, 1), digest)])
        #expect(
            scheduler.commitFinished(lease(0, 1), at: 12) == [
                .acknowledge(lease(0, 1), to: a),
                .revoke(lease(0, 2), from: b, reason: "another worker has finished the shard"),
                .finishJob(job, missing: [:]),
            ])
        #expect(
            scheduler.resultReceived(lease(0, 2), digest: Digest(of: "s"), from: b, at: 13) == [
                .compare(lease(0, 2), from: b, challenger: false)
            ])
        #expect(
            scheduler.compared(lease(0, 2), committed: .differs("much"), challenger: nil, from: b, at: 13) == [
                .record(.lateDifference(lease(0, 2), b, what: "much")), .acknowledge(lease(0, 2), to: b),
            ])
    }

    @Test("after a restart a shard waits for the worker that had it, and goes elsewhere when the grace is over")
    mutating func restart() {
        let shards: [Scheduler.StoredShard] = [.init(epoch: 4, holder: b), .init(epoch: 2), .init()]
        _ = scheduler.jobReady(job, order: 1, shards: shards, at: 0)
        #expect(join(a, slots: 3) == [.grant(lease(2, 1), to: a, .first)])
        #expect(scheduler.workerHello(b, name: "b", numberSystem: "s", holding: [lease(0, 4)], at: 1).isEmpty)
        #expect(scheduler.workers[b]?.held == [lease(0, 4)])
        _ = scheduler.renew(a, slots: 3, [Renewal(lease: lease(2, 1), progress: 0)], at: 4)
        _ = scheduler.renew(b, slots: 1, [Renewal(lease: lease(0, 4), progress: 1)], at: 4)
        #expect(scheduler.tick(at: 5) == [.grant(lease(1, 3), to: a, .again)])
    }

    @Test("after a restart a lease that never reached its worker is free as soon as the worker is back")
    mutating func lostLease() {
        let shards: [Scheduler.StoredShard] = [.init(epoch: 4, holder: a), .init(epoch: 2, holder: b)]
        _ = scheduler.jobReady(job, order: 1, shards: shards, at: 0)
        #expect(join(a, slots: 2) == [.grant(lease(0, 5), to: a, .again)])
    }

    @Test("shards that are tried again wait for nobody: no worker can hold them")
    mutating func triedAgain() {
        _ = join(a)
        let actions = scheduler.jobReady(job, order: 1, shards: [.init(epoch: 4, holder: b)], mayBeHeld: false, at: 0)
        #expect(actions == [.grant(lease(0, 5), to: a, .again)])
    }

    @Test("a job that was complete before a restart completes again, once")
    mutating func completeAtStart() {
        let shard = Scheduler.StoredShard(
            epoch: 1, committed: .init(digest: Digest(of: "r"), epoch: 1, author: Author(id: "w9", name: "w9")))
        #expect(scheduler.jobReady(job, order: 1, shards: [shard], at: 0) == [.finishJob(job, missing: [:])])
        #expect(scheduler.tick(at: 1).isEmpty)
    }

    @Test("after a failed commit the worker is asked to send again, and the shard is not lost")
    mutating func failedCommit() {
        _ = start(job, order: 1, shards: 1)
        _ = join(a)
        _ = scheduler.resultReceived(lease(0, 1), digest: Digest(of: "r"), from: a, at: 1)
        #expect(scheduler.commitFailed(lease(0, 1), at: 1) == [.askWho(a)])
        #expect(scheduler.workerHello(a, name: "w", numberSystem: "s", holding: [lease(0, 1)], at: 2).isEmpty)
        #expect(scheduler.resultReceived(lease(0, 1), digest: Digest(of: "r"), from: a, at: 3).count == 1)
    }

    @Test("a worker that is not known is asked who it is")
    mutating func strangers() {
        #expect(scheduler.renew(a, slots: 1, [], at: 0) == [.askWho(a)])
    }
}
