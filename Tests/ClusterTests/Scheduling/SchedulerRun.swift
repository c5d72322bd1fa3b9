import Inputs
import TestSupport
import Wire
@testable import Cluster

/// What a worker comes to.
struct RunResult: Hashable {
    var shard: String
    var system: String
    /// Who made it up; nil for the truth.
    var liar: Author?
    var isSlight = false

    var digest: Digest { Digest(of: "\(shard) in \(system)" + (liar?.id ?? "")) }

    /// Whether rounding could explain how it differs from the truth in another number system.
    var isBelievable: Bool { liar == nil || isSlight }

    func agrees(with other: RunResult) -> Bool {
        digest == other.digest || system != other.system && isBelievable && other.isBelievable
    }
}

/// Everything that the scheduler's surroundings could do, in random order, with what it may never do checked by a
/// second, simpler account of the same run.
struct SchedulerRun {
    /// What the store has of a shard.
    struct Stored {
        var epoch = 0
        var holder: InstanceID?
        var commit: (digest: Digest, epoch: Int, author: Author)?
        var quarantined: InputError?
        var verification: Scheduler.Verification?
        var verifiers: [Author] = []
        var challenge: (digest: Digest, author: Author, what: String)?
        var wasDisputed = false
    }

    /// What the store has of a job.
    struct StoredJob {
        var shards: [Stored]
        var wanted: Set<Int> = []
        var isPinned = false
        var numberSystem: String?
        var ended: String?
    }

    var random: SeededGenerator
    var scheduler: Scheduler
    var now = 0.0
    let policy = Scheduler.Policy(leaseSeconds: 10, graceSeconds: 5, stallSeconds: 30, verifySeconds: 3)
    let jobs: [JobID]
    let workers: [InstanceID]
    /// The keys that workers come with; none in a run without keys. Several workers may have one key.
    var keys: [InstanceID: PublicKey] = [:]
    /// Those whose every result is wrong, each in its own way. They also deliver what was not given to them.
    var liars: Set<Author> = []
    /// Liars whose results are wrong by no more than rounding explains, where the number systems are not the same.
    var slightLiars: Set<Author> = []
    /// Workers on which shards fail and stand still for no reason. All others are honest.
    var fragile: Set<InstanceID> = []

    var stored: [JobID: StoredJob] = [:]
    var convicted: Set<Author> = []
    /// Every lease that ever left, by worker.
    var given: [InstanceID: [LeaseID]] = [:]
    var commitsUnderWay: [(lease: LeaseID, digest: Digest, worker: InstanceID)] = []
    /// The result that the current event is about.
    var arriving: (digest: Digest, worker: InstanceID)?
    var slots: [InstanceID: Int] = [:]
    /// What honest workers say of their progress: always something new.
    var progress: UInt64 = 0
    var counts: [String: Int] = [:]
    var trail: [String] = []

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
        scheduler = Scheduler(policy: policy)
        jobs = (0..<Int.random(in: 1...3, using: &random)).compactMap { JobID("job-\($0)") }
        workers = (0..<UInt64.random(in: 1...5, using: &random)).map { InstanceID(high: 0, low: $0) }
        if Bool.random(using: &random) {
            let some = ["a", "b", "c", "d"].compactMap { PublicKey(String(repeating: $0, count: 40)) }
            for worker in workers { keys[worker] = some.randomElement(using: &random) }
        }
        let mostLiars = Int.random(in: 0...2, using: &random)
        for _ in 0..<mostLiars {
            guard let liar = workers.randomElement(using: &random) else { continue }
            liars.insert(author(liar))
            if Bool.random(using: &random) { slightLiars.insert(author(liar)) }
        }
        for worker in workers where Int.random(in: 0..<3, using: &random) == 0 { fragile.insert(worker) }
    }

    func name(_ worker: InstanceID) -> String { "h\(worker.low / 2):\(worker.low)" }

    func author(_ worker: InstanceID) -> Author { Author(worker, key: keys[worker], name: name(worker)) }

    func isLiar(_ worker: InstanceID) -> Bool { liars.contains(author(worker)) }

    func numberSystem(_ worker: InstanceID) -> String { "system \(worker.low % 2)" }

    func isHonest(_ worker: InstanceID) -> Bool { !isLiar(worker) && !fragile.contains(worker) }

    /// What a worker comes to: the truth as its number system has it, unless it is a liar. Without a worker, the truth in the
    /// first system.
    func result(of lease: LeaseID, by worker: InstanceID? = nil) -> RunResult {
        var result = RunResult(shard: "\(lease.job)/\(lease.shard)", system: "system 0")
        guard let worker else { return result }
        result.system = numberSystem(worker)
        if isLiar(worker) { (result.liar, result.isSlight) = (author(worker), slightLiars.contains(author(worker))) }
        return result
    }

    func digest(of lease: LeaseID, by worker: InstanceID? = nil) -> Digest { result(of: lease, by: worker).digest }

    /// The result of a shard that has a digest.
    func result(of lease: LeaseID, _ digest: Digest) -> RunResult? {
        ([result(of: lease)] + workers.map { result(of: lease, by: $0) }).first { $0.digest == digest }
    }

    /// Whether two results of a shard agree, as the coordinator sees it; nil where there is no second one.
    func agree(_ one: Digest, _ other: Digest?, about lease: LeaseID) -> Bool? {
        guard let other, let one = result(of: lease, one), let other = result(of: lease, other) else { return nil }
        return one.agrees(with: other)
    }

    func shard(_ lease: LeaseID) -> Stored { stored[lease.job]?.shards[lease.shard] ?? Stored() }

    mutating func change(_ job: JobID, _ shard: Int, _ body: (inout Stored) -> Void) {
        guard var changed = stored[job], changed.shards.indices.contains(shard) else { return }
        body(&changed.shards[shard])
        stored[job] = changed
    }

    func isUnderWay(_ lease: LeaseID) -> Bool {
        commitsUnderWay.contains { $0.lease.job == lease.job && $0.lease.shard == lease.shard }
    }

    /// One random event, then every rule. Returns what is broken.
    mutating func step() -> String? {
        for action in event() {
            trail.append("    \(action)")
            if let broken = perform(action) { return broken }
        }
        return scheduler.brokenInvariant()
    }

    mutating func hello(_ worker: InstanceID, holding leases: [LeaseID]) -> [Scheduler.Action] {
        scheduler.workerHello(
            worker, key: keys[worker], name: name(worker), numberSystem: numberSystem(worker), holding: leases, at: now)
    }
}
