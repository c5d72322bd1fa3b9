import Inputs
import Testing
import Wire
@testable import Cluster

/// What must not count against a worker that does its work.
@Suite struct SchedulerHonestWorkerTests {
    @Test("bad inputs say nothing about the worker that met them: it stays, however many there are in a row")
    func badInputs() throws {
        let job = try #require(JobID("j"))
        let (a, b) = (InstanceID(high: 0, low: 1), InstanceID(high: 0, low: 2))
        let bad = InputError("prompt", expected: "tokens", found: "none")
        var scheduler = Scheduler(policy: .init(leaseSeconds: 10, graceSeconds: 5))
        for worker in [b, a] {
            _ = scheduler.workerHello(worker, name: "h\(worker.low):1", numberSystem: "s", holding: [], at: 0)
            _ = scheduler.renew(worker, slots: 1, [], at: 0)
            guard worker == b else { continue }
            _ = scheduler.jobReady(job, order: 1, shards: .init(repeating: .init(), count: 9), at: 0)
        }
        // Somebody else gets on with the job: only then is a worker that fails dismissed.
        let first = LeaseID(job: job, shard: 0, epoch: 1)
        let result = Digest(of: "r")
        #expect(scheduler.resultReceived(first, digest: result, from: b, at: 1) == [.commit(first, result)])
        _ = scheduler.commitFinished(first, at: 1)
        for shard in [1, 3, 4, 5] {
            let lease = LeaseID(job: job, shard: shard, epoch: 1)
            #expect(scheduler.isCurrent(lease, of: a))
            let actions = scheduler.shardFailed(lease, error: bad, cause: .shard, from: a, at: 2)
            #expect(!actions.contains { if case .dismiss = $0 { true } else { false } })
            #expect(scheduler.brokenInvariant() == nil)
        }
    }

    @Test("a scheduler and a coordinator that are told nothing wait equally long for a computation that stands still")
    func oneStallTime() {
        #expect(Scheduler.Policy().stallSeconds == CoordinatorConfig(state: "state").stallSeconds)
    }
}
