import Inputs
import Testing
import Wire
@testable import Cluster

/// Workers that cannot do a job, and jobs that only some workers may do.
@Suite struct SchedulerFitnessTests {
    let job: JobID
    let a = InstanceID(high: 0, low: 1)
    let b = InstanceID(high: 0, low: 2)
    var scheduler = Scheduler(policy: .init(leaseSeconds: 1_000, graceSeconds: 5))
    let lacking = InputError("/models/base", expected: "a file", found: "none", kind: .configuration)

    init() throws { job = try #require(JobID("j")) }

    func lease(_ shard: Int, _ epoch: Int) -> LeaseID { LeaseID(job: job, shard: shard, epoch: epoch) }

    mutating func join(_ worker: InstanceID, slots: Int = 1, system: String = "s", at now: Double = 0) -> [Scheduler
        .Action]
    {
        scheduler.workerHello(worker, name: "h\(worker.low):1", numberSystem: system, holding: [], at: now)
            + scheduler.renew(worker, slots: slots, [], at: now)
    }

    mutating func start(shards: Int, isPinned: Bool = false, numberSystem: String? = nil) -> [Scheduler.Action] {
        scheduler.jobReady(
            job, order: 1, shards: .init(repeating: .init(), count: shards), isPinned: isPinned,
            numberSystem: numberSystem, at: 0)
    }

    @Test("a worker that lacks the files fails no shard: they wait, and it is asked again after a while")
    mutating func alone() {
        _ = join(a, slots: 2)
        _ = start(shards: 5)
        let actions = scheduler.shardFailed(lease(0, 1), error: lacking, cause: .worker, from: a, at: 1)
        #expect(
            actions == [
                .record(.unfit(lease(0, 1), a, lacking)),
                .revoke(lease(1, 1), from: a, reason: "the worker cannot do this job"),
            ])
        #expect(scheduler.workerStatus(at: 2).map(\.unfit) == [[job: lacking]])
        #expect(scheduler.shardCounts()[job]?.waiting == 5 && scheduler.brokenInvariant() == nil)
        for now in stride(from: 10.0, through: 300, by: 10) {
            #expect(scheduler.renew(a, slots: 2, [], at: now).isEmpty && scheduler.tick(at: now).isEmpty)
        }
        #expect(scheduler.tick(at: 301).contains(.grant(lease(0, 2), to: a, .again)))
        #expect(scheduler.jobs[job]?.troubles.isEmpty == true)
    }

    @Test("a renewal that crosses the revocation does not give the worker its lease back")
    mutating func crossing() {
        _ = join(a, slots: 2)
        _ = start(shards: 2)
        _ = scheduler.shardFailed(lease(0, 1), error: lacking, cause: .worker, from: a, at: 1)
        // It had begun the next shard before it heard that it is not to.
        let actions = scheduler.renew(a, slots: 2, [Renewal(lease: lease(1, 1), progress: 1)], at: 1)
        #expect(actions == [.revoke(lease(1, 1), from: a, reason: "the shard was handed out again")])
        #expect(scheduler.shardCounts()[job]?.waiting == 2 && scheduler.brokenInvariant() == nil)
        #expect(join(b, slots: 2, at: 2).count == 2, "both are there for another one")
    }

    @Test("beside a good worker it takes one failure, not one for each shard, and is not dismissed")
    mutating func besideOther() {
        _ = join(a)
        _ = join(b)
        _ = start(shards: 9)
        #expect(scheduler.isCurrent(lease(0, 1), of: a) && scheduler.isCurrent(lease(1, 1), of: b))
        let actions = scheduler.shardFailed(lease(0, 1), error: lacking, cause: .worker, from: a, at: 1)
        #expect(actions == [.record(.unfit(lease(0, 1), a, lacking))])
        for (shard, epoch, next) in [(1, 1, lease(0, 2)), (0, 2, lease(2, 1)), (2, 1, lease(3, 1))] {
            let result = scheduler.resultReceived(lease(shard, epoch), digest: Digest(of: "r"), from: b, at: 2)
            #expect(result == [.commit(lease(shard, epoch), Digest(of: "r"))])
            let actions = scheduler.commitFinished(lease(shard, epoch), at: 2)
            #expect(actions.last == .grant(next, to: b, next.epoch == 1 ? .first : .again))
        }
        #expect(scheduler.workerStatus(at: 2).map(\.state) == [.alive, .alive])
    }

    @Test("of a pinned job nobody gets a shard whose number system is not that of the first lease")
    mutating func pinned() {
        #expect(start(shards: 3, isPinned: true).isEmpty)
        #expect(
            join(a, system: "cpu/avx512") == [
                .pin(job, numberSystem: "cpu/avx512"), .grant(lease(0, 1), to: a, .first),
            ])
        #expect(join(b, system: "cpu/avx2", at: 1).isEmpty && scheduler.tick(at: 1).isEmpty)
        #expect(
            scheduler.resultReceived(lease(0, 1), digest: Digest(of: "r"), from: b, at: 1) == [
                .reject(lease(0, 1), to: b, reason: "this lease was not given to this worker")
            ])
        let c = InstanceID(high: 0, low: 3)
        #expect(join(c, system: "cpu/avx512", at: 1) == [.grant(lease(1, 1), to: c, .first)])
    }

    @Test("a pinned job of which nothing is computed yet takes the number system of whoever comes next")
    mutating func pinnedAnew() {
        _ = start(shards: 1, isPinned: true)
        _ = join(a, system: "cpu/avx512")
        _ = scheduler.workerLeft(a, at: 1)
        #expect(
            join(b, system: "cpu/avx2", at: 2) == [
                .pin(job, numberSystem: "cpu/avx2"), .grant(lease(0, 2), to: b, .again),
            ])
    }

    @Test("after a restart a job with results stays with their number system")
    mutating func pinnedBefore() {
        let commit = Scheduler.StoredShard.Commit(
            digest: Digest(of: "r"), epoch: 1, author: Author(id: "before", name: "h9:1"))
        _ = scheduler.jobReady(
            job, order: 1, shards: [.init(epoch: 1, committed: commit), .init()], isPinned: true,
            numberSystem: "cpu/avx512", at: 0)
        #expect(join(b, system: "cpu/avx2").isEmpty)
        #expect(join(a, system: "cpu/avx512") == [.grant(lease(1, 1), to: a, .first)])
    }
}
