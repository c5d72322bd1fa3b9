import Inputs
import TestSupport
import Wire
@testable import Cluster

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
        }
        for worker in workers where Int.random(in: 0..<3, using: &random) == 0 { fragile.insert(worker) }
    }

    func name(_ worker: InstanceID) -> String { "h\(worker.low / 2):\(worker.low)" }

    func author(_ worker: InstanceID) -> Author { Author(worker, key: keys[worker], name: name(worker)) }

    func isLiar(_ worker: InstanceID) -> Bool { liars.contains(author(worker)) }

    func numberSystem(_ worker: InstanceID) -> String { "system \(worker.low % 2)" }

    func isHonest(_ worker: InstanceID) -> Bool { !isLiar(worker) && !fragile.contains(worker) }

    /// What a worker comes to: the truth, unless it is a liar.
    func digest(of lease: LeaseID, by worker: InstanceID? = nil) -> Digest {
        let truth = "\(lease.job)/\(lease.shard)"
        guard let worker, isLiar(worker) else { return Digest(of: truth) }
        return Digest(of: truth + author(worker).id)
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
