import Cluster
import Foundation
import Inputs
import Latents
import Wire

/// Workers that do all that workers do but compute: the same state machine, real connections, results of real size.
///
/// All are in one thread. What a shard would take is waited for, by each worker on its own.
public struct SimulatedWorkers {
    /// How many, and what they do.
    public struct Order: Sendable {
        public var endpoints: Endpoints
        /// The same for all of them.
        public var keys: ClientKeys?
        public var workers: Int
        /// How long is measured, once all were welcomed and have had work.
        public var seconds: Double
        /// What a shard takes, on average; each between half and one and a half of it.
        public var shardSeconds: Double
        /// Version of the coordinator.
        public var build: String

        /// Names the parts.
        public init(
            endpoints: Endpoints, keys: ClientKeys?, workers: Int, seconds: Double, shardSeconds: Double, build: String
        ) {
            self.endpoints = endpoints
            self.keys = keys
            self.workers = workers
            self.seconds = seconds
            self.shardSeconds = shardSeconds
            self.build = build
        }
    }

    /// What was measured.
    struct Report: Sendable, Codable {
        var seconds: Double
        /// From the first connection to the last welcome.
        var joinSeconds: Double
        var leases: Int
        var results: Int
        var rejected: Int
        var traffic: ConnectionSwarm.Traffic
        /// From the last piece of a result being sent to the lease that takes its place.
        var leaseAnswer: Latencies.Summary
        /// From the last piece of a result being sent to its acknowledgement.
        var acknowledgement: Latencies.Summary
        var use: ProcessUse
    }

    /// One of them.
    private struct Worker {
        let instance = InstanceID.random()
        var machine = WorkerMachine()
        var isWelcome = false
        /// When results were sent that wait for their acknowledgement.
        var sent: [LeaseID: Double] = [:]
        /// When slots became free, oldest first.
        var freed: [Double] = []
    }

    /// Workers that connect in one go: more would only wait in the kernel's queue.
    private static let connectionsAtOnce = 50
    /// Seconds between two looks of a worker at the clock.
    private static let tickSeconds = 0.5
    /// Seconds from the first connection after which those that are not welcome yet count as turned away.
    private static let patience = 120.0

    private let order: Order
    private let swarm: ConnectionSwarm
    private let start = ContinuousClock.now
    private var workers: [Worker]
    private var computing = DueTimes()
    private var nextTick = 0
    private var connected = 0
    private var welcome = 0
    private var refusal: InputError?
    private var jitter = SystemRandomNumberGenerator()

    private var isMeasuring = false
    private var leases = 0
    private var results = 0
    private var rejected = 0
    private var leaseAnswers = Latencies()
    private var acknowledgements = Latencies()

    /// Opens the sockets. Throws `ZeroMQError`.
    public init(_ order: Order) throws {
        self.order = order
        swarm = try ConnectionSwarm(order.endpoints, keys: order.keys)
        workers = (0..<order.workers).map { _ in Worker() }
    }

    /// Connects all, then measures; `begins` is called in between. Returns the report as JSON. Throws `InputError` where
    /// a worker is refused or they do not get in.
    public mutating func run(begins: () -> Void) throws -> Data {
        for index in workers.indices {
            try swarm.connect(index)
            connected = index + 1
            try perform(workers[index].machine.begin(at: now), of: index)
            if index % Self.connectionsAtOnce == 0 { try step() }
        }
        while welcome < workers.count {
            try step()
            guard now < Self.patience else {
                throw InputError(
                    "the coordinator", expected: "\(workers.count) workers to be welcomed", found: "\(welcome)",
                    kind: .temporary)
            }
        }
        let joinSeconds = now
        // Until every worker has had its first shards and they no longer come in step.
        let settled = now + max(2, 2 * order.shardSeconds)
        while now < settled { try step() }

        let (traffic, use, begin) = (swarm.traffic, ProcessUse.now(), now)
        begins()
        isMeasuring = true
        while now < begin + order.seconds { try step() }
        return try JSONEncoder().encode(report(since: begin, joinSeconds, traffic, use))
    }

    private func report(
        since begin: Double, _ joinSeconds: Double, _ traffic: ConnectionSwarm.Traffic, _ use: ProcessUse
    ) -> Report {
        let useNow = ProcessUse.now()
        var moved = swarm.traffic
        moved.messagesIn -= traffic.messagesIn
        moved.messagesOut -= traffic.messagesOut
        moved.bytesIn -= traffic.bytesIn
        moved.bytesOut -= traffic.bytesOut
        return Report(
            seconds: now - begin, joinSeconds: joinSeconds, leases: leases, results: results, rejected: rejected,
            traffic: moved,
            leaseAnswer: leaseAnswers.summary, acknowledgement: acknowledgements.summary,
            use: useNow.since(use))
    }

    private var now: Double { seconds(.now) }

    private func seconds(_ instant: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = start.duration(to: instant).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// One round: messages, computations that are done, ticks that are due.
    private mutating func step() throws {
        let deadline = min(computing.first ?? .infinity, now + Self.tickSeconds / Double(workers.count) * 16)
        var messages: [(Int, MessageFromCoordinator)] = []
        try swarm.receive(until: start + .seconds(max(0, deadline))) { messages.append(($0, $1)) }
        for (index, message) in messages { try handle(message, of: index) }
        while let due = computing.takeDue(at: now) { try finish(due.lease, of: due.worker) }
        try tick()
        if let refusal { throw refusal }
    }

    private mutating func tick() throws {
        // Everybody in turn, each once in `tickSeconds`.
        let due = Int(now / Self.tickSeconds * Double(workers.count))
        if due - nextTick > workers.count { nextTick = due - workers.count }
        while nextTick < due {
            let index = nextTick % workers.count
            nextTick += 1
            guard index < connected else { continue }
            try perform(workers[index].machine.tick(progress: UInt64(nextTick), at: now), of: index)
        }
    }

    private mutating func handle(_ message: MessageFromCoordinator, of index: Int) throws {
        workers[index].machine.heard(message.channel, at: now)
        switch message {
        case .welcome(_, let leaseSeconds, _):
            if !workers[index].isWelcome { welcome += 1 }
            workers[index].isWelcome = true
            try perform(workers[index].machine.welcome(leaseSeconds: leaseSeconds, at: now), of: index)
        case .refused(let error): refusal = error
        case .lease(let lease):
            noteLease(of: index)
            try perform(workers[index].machine.lease(lease, at: now), of: index)
        case .revoke(let leases, _): try perform(workers[index].machine.revoked(leases, at: now), of: index)
        case .dismiss(let reason, let atOnce):
            try perform(workers[index].machine.dismissed(reason: reason, atOnce: atOnce, at: now), of: index)
        case .whoAreYou(let channel): try perform(workers[index].machine.whoAreYou(channel, at: now), of: index)
        case .credit(let bytes): try perform(workers[index].machine.credit(bytes, at: now), of: index)
        case .accepted(let lease):
            noteAcknowledgement(of: lease, index)
            try perform(workers[index].machine.answered(lease, at: now), of: index)
        case .rejected(let lease, _):
            rejected += 1
            workers[index].sent[lease] = nil
            try perform(workers[index].machine.answered(lease, at: now), of: index)
        case .heard, .reply: break
        }
    }

    private mutating func noteLease(of index: Int) {
        guard !workers[index].freed.isEmpty else { return }
        let freed = workers[index].freed.removeFirst()
        guard isMeasuring else { return }
        leases += 1
        leaseAnswers.add(now - freed)
    }

    private mutating func noteAcknowledgement(of lease: LeaseID, _ index: Int) {
        guard let sent = workers[index].sent.removeValue(forKey: lease), isMeasuring else { return }
        results += 1
        acknowledgements.add(now - sent)
    }

    private mutating func finish(_ lease: LeaseID, of index: Int) throws {
        let bytes = try ShardResultCodec.encode(BenchKind.result(of: lease.shard))
        let actions = workers[index].machine.computeFinished(lease, digest: Digest(of: bytes), bytes: bytes, at: now)
        try perform(actions, of: index)
    }

    private mutating func perform(_ actions: [WorkerMachine.Action], of index: Int) throws {
        for action in actions {
            switch action {
            case .sayHello(let held): try swarm.send(.hello(hello(index, held)), from: index)
            case .attach: try swarm.send(.attach(workers[index].instance), from: index)
            case .renew(let slots, let renewals, let tasks):
                try swarm.send(.renew(slots: slots, renewals, tasks: tasks), from: index)
            case .handBack(let leases, let reason):
                try swarm.send(.handBack(leases, reason: reason), from: index)
            case .reportFailure(let lease, let error, let cause):
                try swarm.send(.failed(lease, error, cause), from: index)
            case .sayGoodbye: try swarm.send(.goodbye, from: index)
            case .send(let part):
                try swarm.send(.part(part), from: index)
                guard part.offset + part.bytes.count == part.totalBytes else { continue }
                workers[index].sent[part.lease] = now
                workers[index].freed.append(now)
            case .start(let lease):
                let seconds = order.shardSeconds * Double.random(in: 0.5...1.5, using: &jitter)
                computing.add(lease.id, worker: index, at: now + seconds)
            // Both ends are on one machine: what is silent is late.
            case .reconnect, .cancelCompute, .end: break
            }
        }
    }

    private func hello(_ index: Int, _ held: [LeaseID]) -> WorkerHello {
        WorkerHello(
            build: order.build, instance: workers[index].instance, host: "simulated", processID: index + 1,
            numberSystem: "none", threads: 1, slurmJob: nil, held: held)
    }
}
