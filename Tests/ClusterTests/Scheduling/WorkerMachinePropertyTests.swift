import Inputs
import Prompts
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// A worker machine in random surroundings, with a second account of what it may do.
struct WorkerRun {
    var random: SeededGenerator
    var machine: WorkerMachine
    var now = 0.0
    let job: JobID
    var nextShard = 0
    var computing: LeaseID?
    var isCancelled = false
    var credit = 0
    /// Bytes of each finished result that the coordinator has since the last attach.
    var arrived: [LeaseID: [UInt8]] = [:]
    /// Results that the worker owes until they are answered.
    var owed: [LeaseID: [UInt8]] = [:]
    var heldBack: Set<LeaseID> = []
    var given: Set<LeaseID> = []
    var outcome: WorkerMachine.Outcome?
    var drains = 0
    var heardAt: [Channel: Double] = [:]
    var reconnects = 0
    var isDismissed = false
    let lifetime: Double?
    /// Whether its time has been short enough to leave.
    var hasOutlived: Bool { lifetime != nil }
    var delivered = 0
    /// Tasks that the coordinator has given, and those that it believes to be there.
    let tasks = (0..<3).map { Payload(kind: "fake", version: 1, bytes: [$0]) }
    var believed: Set<Digest> = []

    init?(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        guard let job = JobID("j") else { return nil }
        self.job = job
        lifetime = Bool.random(using: &random) ? Double.random(in: 20...200, using: &random) : nil
        machine = WorkerMachine(
            policy: .init(slots: 2, greetingSeconds: 5, partBytes: 4, lifetimeSeconds: lifetime))
    }

    mutating func begin() -> String? { perform(machine.begin(at: now)) }

    mutating func step() -> String? {
        let any = machine.heldLeases.randomElement(using: &random)
        if Int.random(in: 0..<3, using: &random) == 0 {
            let channel = Bool.random(using: &random) ? Channel.control : .data
            heardAt[channel] = now
            machine.heard(channel, at: now)
        }
        switch Int.random(in: 0..<25, using: &random) {
        case 0: return perform(machine.whoAreYou(.control, at: now))
        case 1: return perform(machine.whoAreYou(.data, at: now))
        case 2, 3: return perform(machine.welcome(leaseSeconds: 20, at: now))
        case 4, 5, 6, 7: return perform(giveLease())
        case 8, 9, 10: return perform(finish())
        case 11:
            guard let lease = computing else { return nil }
            computing = nil
            given.remove(lease)
            return perform(
                machine.computeFailed(lease, InputError("x", expected: "", found: ""), .unknown, at: now))
        case 12, 13, 14:
            guard machine.isWelcome else { return nil }
            let more = Int.random(in: 0...9, using: &random)
            credit += more
            return perform(machine.credit(more, at: now))
        case 15, 16, 17:
            guard let (lease, bytes) = arrived.first(where: { owed[$0.key] == $0.value }) else { return nil }
            delivered += bytes.isEmpty ? 0 : 1
            owed[lease] = nil
            given.remove(lease)
            return perform(machine.answered(lease, at: now))
        case 18:
            guard let lease = any else { return nil }
            owed[lease] = nil
            given.remove(lease)
            return perform(machine.revoked([lease], at: now))
        case 19:
            guard Int.random(in: 0..<6, using: &random) == 0 else { return nil }
            drains += 1
            let isIdle = given.isEmpty
            let actions = machine.drain(at: now)
            if isIdle, actions.contains(where: { if case .renew = $0 { true } else { false } }) {
                return "asks for an answer that finds nobody"
            }
            return perform(actions)
        case 20: return perform(machine.connected(Bool.random(using: &random) ? .control : .data, at: now))
        case 21:
            guard Int.random(in: 0..<20, using: &random) == 0, outcome == nil else { return nil }
            isDismissed = true
            return perform(machine.dismissed(reason: "why not", atOnce: Bool.random(using: &random), at: now))
        default:
            now += Double.random(in: 0...6, using: &random)
            let broken = perform(machine.tick(progress: UInt64(now), at: now))
            let isOver = lifetime.map { now >= $0 } == true
            return isOver && outcome == nil && !machine.isDraining ? "it stays past its time" : broken
        }
    }

    private mutating func giveLease() -> [WorkerMachine.Action] {
        let lease = LeaseID(job: job, shard: nextShard, epoch: 1)
        nextShard += 1
        given.insert(lease)
        let task = tasks[lease.shard % tasks.count]
        let digest = task.digest
        return machine.lease(
            Lease(
                id: lease, seconds: 20, tokens: 1, taskDigest: digest, task: believed.contains(digest) ? nil : task,
                shard: Payload(kind: "fake", version: 1, bytes: [1])), at: now)
    }

    private mutating func finish() -> [WorkerMachine.Action] {
        guard let lease = computing else { return [] }
        computing = nil
        let bytes = (0..<UInt8.random(in: 1...20, using: &random)).map { $0 }
        if given.contains(lease), outcome == nil { owed[lease] = bytes }
        return machine.computeFinished(lease, digest: Digest(of: bytes), bytes: bytes, at: now)
    }

    private mutating func perform(_ actions: [WorkerMachine.Action]) -> String? {
        for action in actions {
            if outcome != nil { return "\(action) after the end" }
            if let broken = perform(action) { return broken }
        }
        guard outcome == nil else { return nil }
        let held = Set(machine.heldLeases)
        if let lost = owed.keys.first(where: { !held.contains($0) }) { return "the result of \(lost) is forgotten" }
        if held != given { return "it holds \(held), it was given \(given)" }
        if computing == nil, held.contains(where: { owed[$0] == nil }) {
            return "the compute thread idles beside \(held)"
        }
        if machine.isDraining, held.isEmpty { return "it is drained and stays" }
        return nil
    }

    private mutating func perform(_ action: WorkerMachine.Action) -> String? {
        switch action {
        case .attach:
            arrived = [:]
            credit = 0
        case .send(let part):
            credit -= part.bytes.count
            if credit < 0 { return "sent beyond its credit" }
            if part.bytes.isEmpty || part.bytes.count > 4 { return "a part of \(part.bytes.count) bytes" }
            if arrived[part.lease, default: []].count != part.offset { return "a gap before offset \(part.offset)" }
            arrived[part.lease, default: []] += part.bytes
            guard let whole = owed[part.lease] else { return "parts of a result that is not there" }
            if part.totalBytes != whole.count || part.transferDigest != Digest(of: whole) {
                return "a part of another result"
            }
        case .start(let lease):
            if let computing { return "\(lease.id) started beside \(computing)" }
            computing = lease.id
        case .cancelCompute(let lease):
            if lease != computing { return "\(lease) cancelled, which is not computed" }
        case .handBack(let leases, _):
            if leases.contains(where: { !given.contains($0) }) { return "gave back what it did not have" }
            given.subtract(leases)
            leases.forEach { owed[$0] = nil }
        case .renew(let slots, let renewals, let known):
            // The coordinator hears it, or not.
            if Bool.random(using: &random) { believed = Set(known) }
            if slots != (machine.isDraining ? 0 : 2) { return "wants \(slots)" }
            if Set(renewals.map(\.lease)).count != renewals.count { return "renewed twice" }
            for renewal in renewals where (renewal.progress == Renewal.finished) != (owed[renewal.lease] != nil) {
                return "\(renewal.lease) has progress \(renewal.progress)"
            }
        case .end(let outcome):
            self.outcome = outcome
            if outcome == .drained, !owed.isEmpty || !given.isEmpty { return "drained with work left" }
            if outcome == .drained, drains == 0 { return "drained unasked" }
            if outcome == .stopped, drains < (isDismissed || hasOutlived ? 1 : 2) { return "stopped too early" }
            if case .dismissed = outcome, !isDismissed { return "left without being dismissed" }
            if outcome == .outlived, !hasOutlived || !owed.isEmpty || !given.isEmpty { return "outlived too early" }
        case .sayHello(let held):
            if Set(held) != given { return "says it holds \(held), it was given \(given)" }
        case .reconnect(let channel):
            if now - heardAt[channel, default: -100] < 10 { return "gave up \(channel), which is heard" }
            reconnects += 1
        case .reportFailure, .sayGoodbye:
            break
        }
        return nil
    }
}

@Suite struct WorkerMachinePropertyTests {
    @Test("no order of events breaks a worker's rules")
    func rulesHold() throws {
        var delivered = 0
        var reconnects = 0
        var outcomes: [WorkerMachine.Outcome: Int] = [:]
        for seed in 0..<8_000 as Range<UInt64> {
            var run = try #require(WorkerRun(seed: seed))
            var broken = run.begin()
            for _ in 0..<60 where broken == nil { broken = run.step() }
            if let broken {
                Issue.record("seed \(seed): \(broken)")
                return
            }
            delivered += run.delivered
            reconnects += run.reconnects
            if let outcome = run.outcome { outcomes[outcome, default: 0] += 1 }
        }
        #expect(
            delivered > 1_000 && reconnects > 100 && outcomes[.drained, default: 0] > 20
                && outcomes[.stopped, default: 0] > 20
                && outcomes[.outlived, default: 0] > 20
                && outcomes[.dismissed(reason: "why not"), default: 0] > 20,
            "\(delivered) delivered, \(outcomes)")
    }
}
