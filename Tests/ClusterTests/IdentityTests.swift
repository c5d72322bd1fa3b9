import Foundation
import Inputs
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// With keys, a worker is who its key says, whatever it calls itself.
@Suite(.timeLimit(.minutes(2))) struct IdentityTests {
    let folder: TemporaryFolder
    let planner = FakeKind()
    private let server: ServerKeys
    private let serverKey: PublicKey
    private let keys: [String: KeyPair]

    init() throws {
        folder = try TemporaryFolder()
        let pair = try KeyPair.random()
        var keys: [String: KeyPair] = [:]
        var lines = ""
        for (name, role) in [("one", KeyRole.worker), ("two", .worker), ("boss", .operator)] {
            let own = try KeyPair.random()
            keys[name] = own
            lines += KeyFiles.publicLine(of: own.publicKey, role: role, name: name)
        }
        try Data(lines.utf8).write(to: URL(fileURLWithPath: folder.path + "/allowed.keys"))
        self.keys = keys
        serverKey = pair.publicKey
        server = ServerKeys(own: pair.secret, allowed: folder.path + "/allowed.keys")
    }

    private func client(_ name: String) throws -> ClientKeys {
        ClientKeys(own: try #require(keys[name]), server: serverKey)
    }

    @Test("a worker cannot take another one's place, and what it delivers in its name is not taken")
    func foreignInstance() throws {
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        config.keys = server
        let coordinator = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([planner]), build: "test", logger: quiet))
        defer { coordinator.stop() }
        let evaluator = FakeEvaluator(holdAt: 1)
        let worker = try WorkerService(
            connect: coordinator.endpoints, keys: client("one"),
            parts: .init(evaluator))
        let boss = try CoordinatorClient(endpoint: coordinator.endpoints.control, keys: client("boss"))
        let source = JobSource.fake("1 50")
        let job = try boss.submit(source)
        #expect(evaluator.holding?.takeAll(waiting: .seconds(30)) == [0])

        let heard = try Mailbox<MessageFromCoordinator>()
        let thief = try DealerThread(
            connect: coordinator.endpoints, keys: client("two"), deliver: { message, _ in heard.post(message) },
            report: { _ in })
        defer { thief.stop() }
        // Data first: the refusal on the control socket then says that both have been seen.
        let bytes = try FakeKind.other(planner.works(source)[0])
        let lease = LeaseID(job: job, shard: 0, epoch: 1)
        try thief.send(.attach(worker.instance))
        try thief.send(
            .part(
                ResultPart(
                    lease: lease, transferDigest: Digest(of: bytes), totalBytes: bytes.count, offset: 0, bytes: bytes)))
        // The answer to a part of somebody who is not known.
        #expect(heard.takeAll(waiting: .seconds(20)).contains(.whoAreYou(.data)))
        try thief.send(
            .hello(
                WorkerHello(
                    build: "test", instance: worker.instance, host: "h", processID: 1, numberSystem: "i", threads: 1,
                    slurmJob: nil, held: [lease])))
        guard case .refused(let error) = heard.takeAll(waiting: .seconds(20)).first else {
            Issue.record("not refused")
            return
        }
        #expect(error.kind == .authentication)
        #expect(error.expected == "the key that this worker came with at first")
        #expect(error.found.hasPrefix("worker two (key "))
        #expect(coordinator.metrics.text().contains("actdiff_auth_failures_total{reason=\"wrong_role\"} 2\n"))

        evaluator.letGo()
        let digests = try #require(planner.folded?.takeAll(waiting: .seconds(60)).first)
        #expect(digests == [try Digest(of: FakeKind.result(of: planner.works(source)[0]))])
        worker.drain()
        #expect(try worker.waitForEnd() == .drained)
    }
}
