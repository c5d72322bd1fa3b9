import Foundation
import Inputs
import Logging
import Synchronization
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// A worker that has nothing to do, and a lot to say.
@Suite(.timeLimit(.minutes(3))) struct FloodTests {
    let folder: TemporaryFolder
    let planner = FakeKind()

    init() throws { folder = try TemporaryFolder() }

    private func coordinator(_ lines: Lines) throws -> CoordinatorService {
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        config.leaseSeconds = 3600
        return try CoordinatorService(
            config,
            parts: .init(
                kinds: WorkKinds([planner]), build: "test", logger: Logger(label: "test") { _ in lines.handler }))
    }

    private func hello(_ instance: InstanceID, held: [LeaseID] = []) -> MessageToCoordinator {
        .hello(
            WorkerHello(
                build: "test", instance: instance, host: "h", processID: 1, numberSystem: "test", threads: 1,
                slurmJob: nil, held: held))
    }

    /// A worker of whom the tests decide every word.
    private struct Talker {
        let heard: Mailbox<MessageFromCoordinator>
        let dealer: DealerThread

        init(_ endpoints: Endpoints) throws {
            let heard = try Mailbox<MessageFromCoordinator>()
            self.heard = heard
            dealer = try DealerThread(
                connect: endpoints, deliver: { message, _ in heard.post(message) }, report: { _ in })
        }

        /// Waits for a message for which `isIt` gives a value.
        func wait<Value>(for isIt: (MessageFromCoordinator) -> Value?) throws -> Value {
            while true {
                let more = heard.takeAll(waiting: .seconds(20))
                try #require(!more.isEmpty)
                if let value = more.lazy.compactMap(isIt).first { return value }
            }
        }
    }

    @Test(
        "hand-backs, failures, parts and greetings about leases that it never had are neither stored nor logged at length"
    )
    func foreignLeases() throws {
        let lines = Lines()
        let coordinator = try coordinator(lines)
        defer { coordinator.stop() }
        let holder = FakeEvaluator(holdAt: 1)
        let worker = try WorkerService(connect: coordinator.endpoints, parts: .init(holder))
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let job = try client.submit(.fake("1 5"))
        #expect(holder.holding?.takeAll(waiting: .seconds(30)) == [0])

        let talker = try Talker(coordinator.endpoints)
        defer { talker.dealer.stop() }
        let instance = InstanceID(high: 5, low: 5)
        let foreign = LeaseID(job: job, shard: 0, epoch: 1)
        let many = [LeaseID](repeating: foreign, count: 100)
        let reason = String(repeating: "x", count: 8000)
        try talker.dealer.send(hello(instance))
        _ = try talker.wait { if case .welcome = $0 { true } else { nil } }
        for _ in 0..<100 {
            try talker.dealer.send(.handBack(many, reason: reason))
            try talker.dealer.send(
                .failed(foreign, InputError(reason, expected: reason, found: reason), .shard))
            try talker.dealer.send(hello(instance, held: many))
        }
        try talker.dealer.send(.renew(slots: 0, [Renewal(lease: foreign, progress: 1)], tasks: []))
        _ = try talker.wait { if case .heard = $0 { true } else { nil } }
        let story = try client.story(of: job, shard: 0)
        #expect(story.map(\.event) == ["leased"], "only what happened to the shard is told")
        #expect(lines.count < 40, "\(lines.count) lines")

        holder.letGo()
        #expect(planner.folded?.takeAll(waiting: .seconds(60)).first?.count == 1, "the shard is computed by its holder")
        worker.drain()
        #expect(try worker.waitForEnd() == .drained)
    }

    @Test("a worker that gives its lease back again and again has it taken back each time; log and story stay short")
    func handBacks() throws {
        let lines = Lines()
        let coordinator = try coordinator(lines)
        defer { coordinator.stop() }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let job = try client.submit(.fake("1 5"))
        let talker = try Talker(coordinator.endpoints)
        defer { talker.dealer.stop() }
        try talker.dealer.send(hello(InstanceID(high: 5, low: 5)))
        _ = try talker.wait { if case .welcome = $0 { true } else { nil } }
        try talker.dealer.send(.renew(slots: 1, [], tasks: []))
        let rounds = 400
        for epoch in 1...rounds {
            let lease = try talker.wait { if case .lease(let lease) = $0 { lease.id } else { nil } }
            #expect(lease.epoch == epoch)
            try talker.dealer.send(.handBack([lease], reason: "tired"))
        }
        _ = try talker.wait { if case .lease(let lease) = $0 { lease.id } else { nil } }
        let story = try client.story(of: job, shard: 0)
        #expect(story.count <= 2 * JobStore.keptStoryLines + 300, "\(story.count)")
        #expect(lines.count < 160, "\(lines.count) lines")
    }

    @Test("a renewal of thousands of leases that a worker does not have is answered in one message")
    func foreignRenewal() throws {
        let coordinator = try coordinator(Lines())
        defer { coordinator.stop() }
        let talker = try Talker(coordinator.endpoints)
        defer { talker.dealer.stop() }
        try talker.dealer.send(hello(InstanceID(high: 5, low: 5)))
        _ = try talker.wait { if case .welcome = $0 { true } else { nil } }
        let job = try #require(JobID("none-1"))
        let foreign = (0..<WireLimits.leases).map { LeaseID(job: job, shard: $0, epoch: 1) }
        try talker.dealer.send(.renew(slots: 1, foreign.map { Renewal(lease: $0, progress: 0) }, tasks: []))
        let revoked = try talker.wait { if case .revoke(let leases, _) = $0 { leases } else { nil } }
        #expect(revoked == foreign)
    }

    @Test("of a shard's story the beginning and the end are kept")
    func story() throws {
        let store = try JobStore(StateFolder(folder.path + "/state"))
        let job = try store.submit(.fake("1 5"), kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        _ = try store.savePlan(planner.plan(.fake("1 5"), progress: ComputeProgress()), build: "test", of: job)
        for first in stride(from: 0, to: 2000, by: 100) {
            var batch = StoreBatch()
            batch.story = (first..<first + 100).map {
                .init(
                    job: job.id, shard: 0,
                    line: StoryLine(at: $0, epoch: 1, event: "e", worker: "w", reason: ""))
            }
            _ = try store.apply(batch)
        }
        let kept = JobStore.keptStoryLines
        #expect(
            try store.story(of: job, shard: 0, limit: 10_000).map(\.at)
                == Array(0..<kept) + Array(2000 - kept..<2000))
    }
}

/// Counts log lines from `info` on.
private final class Lines: Sendable {
    private let number = Atomic(0)

    var count: Int { number.load(ordering: .relaxed) }

    var handler: Handler { Handler(lines: self) }

    struct Handler: LogHandler {
        let lines: Lines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            lines.number.add(1, ordering: .relaxed)
        }
    }
}
