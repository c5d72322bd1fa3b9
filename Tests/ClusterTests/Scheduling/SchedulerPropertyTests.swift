import Foundation
import Inputs
import Testing
import Wire
@testable import Cluster

@Suite struct SchedulerPropertyTests {
    /// Sequences of 150 events in each of the 8 blocks: 100,000 where `ACTDIFF_SEQUENCES` says so, else enough to notice.
    static let perBlock = (ProcessInfo.processInfo.environment["ACTDIFF_SEQUENCES"].flatMap { Int($0) } ?? 4_000) / 8

    @Test(
        "no order of events and restarts breaks a rule, publishes what is in dispute or dismisses an honest worker",
        arguments: 0..<8)
    func rulesHold(block: Int) {
        var counts: [String: Int] = [:]
        for index in 0..<Self.perBlock {
            let seed = UInt64(block * Self.perBlock + index)
            var run = SchedulerRun(seed: seed)
            for _ in 0..<150 {
                if let broken = run.step() {
                    Issue.record("seed \(seed): \(broken)\n\(run.trail.joined(separator: "\n"))")
                    return
                }
            }
            counts.merge(run.counts, uniquingKeysWith: +)
        }
        // Sequences that never get anywhere would test nothing.
        print("\(Self.perBlock) sequences:", counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" })
        for (what, least) in [
            ("completed", 100), ("failed", 1), ("disputes", 10), ("convictions", 1), ("dismissals", 1), ("unfit", 50),
            ("restarts", 50), ("restarts in a dispute", 1), ("agreed", 5), ("skipped", 5), ("again", 50),
            ("speculation", 50), ("verification", 50), ("usurped", 50),
        ] { #expect(counts[what, default: 0] >= least, "\(what)") }
    }

    @Test("workers that keep going finish every job that was not called off")
    func everythingEnds() {
        for seed in 0..<500 as Range<UInt64> {
            var run = SchedulerRun(seed: seed)
            for _ in 0..<40 { if let broken = run.step() { Issue.record("seed \(seed): \(broken)") } }
            run.finishAlone()
            for (job, stored) in run.stored where stored.ended == nil {
                Issue.record("seed \(seed): \(job) never ended: \(stored)")
            }
        }
    }
}

extension SchedulerRun {
    /// All other workers fall silent; three go on and never fail or lie.
    mutating func finishAlone() {
        let last = (1...3).map { InstanceID(high: 9, low: $0 + 90) }
        now += 1_000
        follow(scheduler.tick(at: now))
        for (lease, _, _) in commitsUnderWay { follow(scheduler.commitFailed(lease, at: now)) }
        commitsUnderWay = []
        for worker in last {
            slots[worker] = 1
            follow(hello(worker, holding: []))
            follow(scheduler.renew(worker, slots: 1, [], at: now))
        }
        for _ in 0..<200 where stored.values.contains(where: { $0.ended == nil }) {
            now += 1
            for worker in last { follow(scheduler.renew(worker, slots: 1, [], at: now)) }
            follow(scheduler.tick(at: now))
            if let broken = scheduler.brokenInvariant() { Issue.record("\(broken)") }
        }
    }

    /// Does what is asked for, and what comes of it before what comes next.
    private mutating func follow(_ actions: [Scheduler.Action]) {
        for action in actions { follow(answer(action)) }
    }

    private mutating func answer(_ action: Scheduler.Action) -> [Scheduler.Action] {
        switch action {
        case .grant(let lease, let worker, _):
            arriving = (digest(of: lease), worker)
            return scheduler.resultReceived(lease, digest: digest(of: lease), from: worker, at: now)
        case .commit(let lease, let digest):
            guard let arriving else { break }
            return store(lease, digest, of: arriving.worker)
        case .compare(let lease, let worker, let challenger):
            let truth = digest(of: lease)
            arriving = (truth, worker)
            func verdict(_ other: Digest?) -> Scheduler.Comparison {
                agree(truth, other, about: lease) == true ? .agrees : .differs("a digest")
            }
            return scheduler.compared(
                lease, committed: verdict(shard(lease).commit?.digest),
                challenger: challenger ? verdict(shard(lease).challenge?.digest) : nil, from: worker, at: now)
        case .keepChallenge(let lease, let author, let what):
            let kept = digest(of: lease)
            change(lease.job, lease.shard) { $0.challenge = (kept, author, what) }
        case .dropChallenge(let job, let shard): change(job, shard) { $0.challenge = nil }
        case .retract(let job, let shards):
            for shard in shards { change(job, shard) { ($0.commit, $0.verification) = (nil, nil) } }
        case .pin(let job, let numberSystem): stored[job]?.numberSystem = numberSystem
        case .finishJob(let job, _): end(job, "completed")
        case .failJob(let job, let error):
            if error.expected.isEmpty { Issue.record("\(error.place)") }
            end(job, "failed")
        default: break
        }
        return []
    }
}
