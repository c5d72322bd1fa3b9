import Foundation
import Inputs
import Testing
import Wire
@testable import Cluster

/// A generator whose every sequence can be run again from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Everything that the scheduler's surroundings could do, in random order, with what it may never do checked by a
/// second, simpler account of the same run.
struct SchedulerRun {
    var random: SeededGenerator
    var scheduler: Scheduler
    var now = 0.0
    let jobs: [JobID]
    let workers: [InstanceID]
    var shardCounts: [JobID: Int] = [:]
    /// Every lease that ever left, by worker.
    var given: [InstanceID: [LeaseID]] = [:]
    var highestEpoch: [String: Int] = [:]
    var commitsUnderWay: [(LeaseID, Digest)] = []
    var committed: [String: Digest] = [:]
    var quarantined: Set<String> = []
    /// Results that the coordinator keeps, to hold a third one against.
    var challenges: [String: Digest] = [:]
    /// The result that the current event is about.
    var arriving: Digest?
    /// Workers whose every result is wrong, each in its own way.
    var liars: Set<InstanceID> = []
    var outcomes: [Scheduler.Verification: Int] = [:]
    var verified: [String: Scheduler.Verification] = [:]
    var wanted: Set<String> = []
    var convicted: Set<String> = []
    var dismissed: Set<InstanceID> = []
    var purposes: [Scheduler.Purpose: Int] = [:]
    var ended: [JobID: String] = [:]
    var slots: [InstanceID: Int] = [:]
    var alarms = 0
    var trail: [String] = []

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        scheduler = Scheduler(
            policy: .init(leaseSeconds: 10, graceSeconds: 5, stallSeconds: 30, verifySeconds: 3))
        jobs = (0..<Int.random(in: 1...3, using: &random)).compactMap { JobID("job-\($0)") }
        workers = (0..<UInt64.random(in: 1...5, using: &random)).map { InstanceID(high: 0, low: $0) }
        if Int.random(in: 0..<3, using: &random) == 0, let liar = workers.randomElement(using: &random) {
            liars = [liar]
        }
    }

    func key(_ lease: LeaseID) -> String { "\(lease.job)/\(lease.shard)" }

    func name(_ worker: InstanceID) -> String { "h\(worker.low / 2):\(worker.low)" }

    /// What a worker comes to: the truth, unless it is a liar.
    func digest(of lease: LeaseID, by worker: InstanceID? = nil) -> Digest {
        guard let worker, liars.contains(worker) else { return Digest(of: key(lease)) }
        return Digest(of: key(lease) + name(worker))
    }

    /// One random event, then every rule. Returns what is broken.
    mutating func step() -> String? {
        let actions = event()
        for action in actions {
            trail.append("    \(action)")
            if let broken = perform(action) { return broken }
        }
        return scheduler.check()
    }

    private mutating func event() -> [Scheduler.Action] {
        let job = jobs[Int.random(in: jobs.indices, using: &random)]
        let worker = workers[Int.random(in: workers.indices, using: &random)]
        let known = given[worker] ?? []
        let some = known.filter { _ in Bool.random(using: &random) }
        let one = known.randomElement(using: &random)
        let kind = Int.random(in: 0..<26, using: &random)
        trail.append("\(kind) \(job) \(worker.low) \(one?.description ?? "-")")
        switch kind {
        case 0, 1:
            return ready(job)
        case 2, 3:
            if slots[worker] == nil { slots[worker] = 0 }
            return scheduler.workerHello(worker, name: name(worker), holding: some, at: now)
        case 4, 5, 6:
            guard slots[worker] != nil else { return scheduler.renew(worker, slots: 2, [], at: now) }
            let wanted = Int.random(in: 0...3, using: &random)
            slots[worker] = wanted
            return scheduler.renew(worker, slots: wanted, [], at: now)
        case 7, 8, 9:
            let renewals = some.map { Renewal(lease: $0, progress: [0, 5, .max].randomElement(using: &random) ?? 0) }
            return scheduler.renew(worker, slots: slots[worker] ?? 2, renewals, at: now)
        case 10, 11, 12, 13, 14:
            guard let lease = one else { return [] }
            arriving = digest(of: lease, by: worker)
            return scheduler.resultReceived(lease, digest: digest(of: lease, by: worker), from: worker, at: now)
        case 15, 16, 17, 18:
            guard !commitsUnderWay.isEmpty else { return [] }
            let at = Int.random(in: commitsUnderWay.indices, using: &random)
            let (lease, digest) = commitsUnderWay.remove(at: at)
            guard Int.random(in: 0..<8, using: &random) > 0 else { return scheduler.commitFailed(lease, at: now) }
            if committed[key(lease)] != nil {
                return [.failJob(lease.job, InputError("committed twice: \(lease)", expected: "", found: ""))]
            }
            committed[key(lease)] = digest
            quarantined.remove(key(lease))
            return scheduler.commitFinished(lease, at: now)
        case 19:
            guard let lease = one else { return [] }
            let error = InputError("shard", expected: "luck", found: "none")
            let isPermanent = Int.random(in: 0..<10, using: &random) == 0
            return scheduler.shardFailed(lease, error: error, isPermanent: isPermanent, from: worker, at: now)
        case 20:
            return scheduler.handBack(worker, leases: some, at: now)
        case 21:
            slots[worker] = nil
            return Bool.random(using: &random)
                ? scheduler.workerGone(worker, at: now) : scheduler.workerLeft(worker, at: now)
        case 22:
            guard Int.random(in: 0..<12, using: &random) == 0, shardCounts[job] != nil else { return [] }
            if ended[job] == nil { ended[job] = "cancelled" }
            return scheduler.cancel(job, at: now)
        case 23:
            guard let lease = one, scheduler.isCurrent(lease, of: worker) else { return [] }
            scheduler.grantFailed(lease, to: worker, at: now)
            return []
        default:
            now += Double.random(in: 0...4, using: &random)
            return scheduler.tick(at: now)
        }
    }

    private mutating func ready(_ job: JobID) -> [Scheduler.Action] {
        guard shardCounts[job] == nil else { return [] }
        let count = Int.random(in: 0...5, using: &random)
        shardCounts[job] = count
        var shards: [Scheduler.StoredShard] = []
        var toVerify: Set<Int> = []
        for index in 0..<count {
            let epoch = Bool.random(using: &random) ? 0 : Int.random(in: 1...3, using: &random)
            let lease = LeaseID(job: job, shard: index, epoch: epoch)
            highestEpoch[key(lease)] = epoch
            let isCommitted = epoch > 0 && Bool.random(using: &random)
            if isCommitted { committed[key(lease)] = digest(of: lease) }
            if Int.random(in: 0..<3, using: &random) == 0 {
                toVerify.insert(index)
                wanted.insert(key(lease))
            }
            shards.append(
                .init(
                    epoch: epoch,
                    committed: isCommitted ? .init(digest: digest(of: lease), epoch: epoch, worker: "before") : nil))
            if epoch > 0, let holder = workers.randomElement(using: &random) {
                given[holder, default: []].append(lease)
            }
        }
        let order = jobs.firstIndex(of: job) ?? 0
        return scheduler.jobReady(job, order: order, shards: shards, verified: toVerify, at: now)
    }

    private mutating func perform(_ action: Scheduler.Action) -> String? {
        switch action {
        case .grant(let lease, let worker, let purpose):
            return note(lease, to: worker, purpose)
        case .commit(let lease, let digest):
            if committed[key(lease)] != nil { return "\(lease) would be committed twice" }
            if commitsUnderWay.contains(where: { key($0.0) == key(lease) }) { return "two commits of \(lease) at once" }
            commitsUnderWay.append((lease, digest))
        case .compare(let lease, let worker, let challenger):
            return compare(lease, from: worker, challenger: challenger)
        case .keepChallenge(let lease): challenges[key(lease)] = arriving
        case .dropChallenge(let job, let shard): challenges["\(job)/\(shard)"] = nil
        case .acknowledge(let lease, _):
            if committed[key(lease)] == nil, !quarantined.contains(key(lease)) {
                return "\(lease) was acknowledged without being committed"
            }
        case .quarantine(let job, let shard, _):
            if committed["\(job)/\(shard)"] != nil { return "\(job)/\(shard) is quarantined and committed" }
            quarantined.insert("\(job)/\(shard)")
        case .noteVerification(let job, let shard, let outcome):
            outcomes[outcome, default: 0] += 1
            verified["\(job)/\(shard)"] = outcome
        case .retract(let job, let shards):
            for shard in shards where committed.removeValue(forKey: "\(job)/\(shard)") == nil {
                return "\(job)/\(shard) is taken back and was not committed"
            }
        case .dismiss(let worker, _, _):
            dismissed.insert(worker)
        case .finishJob(let job, let missing):
            if let before = ended[job] { return "\(job) completed after it was \(before)" }
            let done = committed.keys.filter { $0.hasPrefix("\(job)/") }
            if done.count + missing.count != shardCounts[job] { return "\(job) completed with \(done) and \(missing)" }
            for shard in done where wanted.contains(shard) && verified[shard] != .skipped {
                if verified[shard] == nil { return "\(shard) was to be verified" }
                if committed[shard] != Digest(of: shard) { return "\(shard) is verified and wrong" }
            }
            ended[job] = "completed"
        case .failJob(let job, let error):
            if error.place.hasPrefix("committed twice") { return error.place }
            if let before = ended[job] { return "\(job) failed after it was \(before)" }
            ended[job] = "failed"
        case .record(.convicted(let name, _, _, _)):
            if !liars.contains(where: { self.name($0) == name }) { return "\(name) is innocent" }
            convicted.insert(name)
        case .record(.disputed): alarms += 1
        case .reject, .revoke, .askWho, .record:
            break
        }
        return nil
    }

    private mutating func note(_ lease: LeaseID, to worker: InstanceID, _ purpose: Scheduler.Purpose) -> String? {
        if ended[lease.job] != nil { return "\(lease) was given although the job is over" }
        if (committed[key(lease)] != nil) != (purpose == .verification) {
            return "\(lease) was given for \(purpose) with \(committed[key(lease)] == nil ? "no" : "a") result"
        }
        if commitsUnderWay.contains(where: { key($0.0) == key(lease) }) { return "\(lease) given during its commit" }
        if lease.epoch <= highestEpoch[key(lease), default: 0] { return "\(lease) has an old epoch" }
        highestEpoch[key(lease)] = lease.epoch
        given[worker, default: []].append(lease)
        purposes[purpose, default: 0] += 1
        if convicted.contains(name(worker)) { return "\(lease) was given to a convicted worker" }
        guard let wanted = slots[worker] else { return "\(lease) was given to a stranger" }
        if let held = scheduler.workers[worker]?.held.count, held > wanted {
            return "\(held) leases for \(wanted) slots"
        }
        return nil
    }

    /// Holds results against each other as the coordinator does.
    private mutating func compare(_ lease: LeaseID, from worker: InstanceID, challenger: Bool) -> String? {
        guard let arriving else { return "nothing to compare" }
        func verdict(_ other: Digest?) -> Scheduler.Comparison {
            other.map { $0 == arriving ? .agrees : .differs("a digest") } ?? .unknown
        }
        let isLost = Int.random(in: 0..<10, using: &random) == 0
        let actions = scheduler.compared(
            lease, committed: isLost ? .unknown : verdict(committed[key(lease)]),
            challenger: challenger ? verdict(challenges[key(lease)]) : nil, from: worker, at: now)
        for action in actions {
            trail.append("    \(action)")
            if let broken = perform(action) { return broken }
        }
        return nil
    }
}

@Suite struct SchedulerPropertyTests {
    /// Sequences of 150 events in each of the 8 blocks: 100,000 where `ACTDIFF_SEQUENCES` says so, else enough to notice.
    static let perBlock = (ProcessInfo.processInfo.environment["ACTDIFF_SEQUENCES"].flatMap { Int($0) } ?? 4_000) / 8

    @Test("no order of events breaks a rule", arguments: 0..<8)
    func rulesHold(block: Int) {
        var completed = 0
        var failed = 0
        var alarms = 0
        var outcomes: [Scheduler.Verification: Int] = [:]
        var purposes: [Scheduler.Purpose: Int] = [:]
        var convictions = 0
        for index in 0..<Self.perBlock {
            let seed = UInt64(block * Self.perBlock + index)
            var run = SchedulerRun(seed: seed)
            for _ in 0..<150 {
                if let broken = run.step() {
                    Issue.record("seed \(seed): \(broken)\n\(run.trail.joined(separator: "\n"))")
                    return
                }
            }
            completed += run.ended.values.filter { $0 == "completed" }.count
            failed += run.ended.values.filter { $0 == "failed" }.count
            alarms += run.alarms
            convictions += run.convicted.count
            outcomes.merge(run.outcomes, uniquingKeysWith: +)
            purposes.merge(run.purposes, uniquingKeysWith: +)
        }
        // Sequences that never get anywhere would test nothing.
        print(
            "\(Self.perBlock) sequences: \(completed) completed, \(failed) failed, \(alarms) disputes,",
            "\(convictions) convictions, \(outcomes), \(purposes)")
        #expect(completed > 100 && failed > 0 && alarms > 10 && convictions > 0)
        for outcome in [Scheduler.Verification.agreed, .skipped] { #expect(outcomes[outcome, default: 0] > 5) }
        for purpose in [Scheduler.Purpose.again, .speculation, .verification] {
            #expect(purposes[purpose, default: 0] > 50)
        }
    }

    @Test("a worker that keeps going finishes every job that was not called off")
    func everythingEnds() {
        for seed in 0..<500 as Range<UInt64> {
            var run = SchedulerRun(seed: seed)
            for _ in 0..<40 { if let broken = run.step() { Issue.record("seed \(seed): \(broken)") } }
            run.finishAlone()
            for job in run.shardCounts.keys where run.ended[job] == nil {
                Issue.record("seed \(seed): \(job) never ended")
            }
        }
    }
}

extension SchedulerRun {
    /// All other workers fall silent; three go on and never fail or lie.
    mutating func finishAlone() {
        let last = (1...3).map { InstanceID(high: 9, low: $0 + 90) }
        now += 1_000
        var pending = scheduler.tick(at: now)
        for (lease, _) in commitsUnderWay { pending += scheduler.commitFinished(lease, at: now) }
        for worker in last {
            pending += scheduler.workerHello(worker, name: name(worker), holding: [], at: now)
            pending += scheduler.renew(worker, slots: 1, [], at: now)
        }
        for _ in 0..<200 where !pending.isEmpty || ended.count < shardCounts.count {
            while let action = pending.popLast() { pending += answer(action) }
            now += 1
            for worker in last { pending += scheduler.renew(worker, slots: 1, [], at: now) }
            pending += scheduler.tick(at: now)
            if let broken = scheduler.check() { Issue.record("\(broken)") }
        }
    }

    private mutating func answer(_ action: Scheduler.Action) -> [Scheduler.Action] {
        switch action {
        case .grant(let lease, let worker, _):
            return scheduler.resultReceived(lease, digest: digest(of: lease), from: worker, at: now)
        case .commit(let lease, let digest):
            committed[key(lease)] = digest
            return scheduler.commitFinished(lease, at: now)
        case .compare(let lease, let worker, let challenger):
            let truth = digest(of: lease)
            let other = challenges[key(lease)]
            return scheduler.compared(
                lease, committed: committed[key(lease)] == truth ? .agrees : .differs("a digest"),
                challenger: challenger ? (other == truth ? .agrees : .differs("a digest")) : nil, from: worker, at: now)
        case .keepChallenge(let lease):
            challenges[key(lease)] = digest(of: lease)
        case .retract(let job, let shards):
            for shard in shards { committed["\(job)/\(shard)"] = nil }
        case .finishJob(let job, _): ended[job] = "completed"
        case .failJob(let job, _): ended[job] = "failed"
        default: break
        }
        return []
    }
}
