import Foundation
import Inputs
import TestSupport
import WireSamples
import Testing
@testable import Wire

/// Who gets in, who does not, and who may do what.
@Suite("Strangers", .timeLimit(.minutes(5)))
struct StrangerTests {
    let ring: KeyRing

    init() throws { ring = try KeyRing() }

    private func hello() -> MessageToCoordinator {
        .hello(
            WorkerHello(
                build: "b", instance: InstanceID(high: 1, low: 2), host: "h", processID: 1, numberSystem: "i",
                threads: 1, slurmJob: nil, held: []))
    }

    @Test("A worker and an operator with their keys come in, and are known by them")
    func admitted() throws {
        let coordinator = try GuardedRouter(ring.server)
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(ring.worker))
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(hello())
        let greeting = try coordinator.message()
        #expect(greeting.message == hello())
        #expect(greeting.principal == Principal(role: .worker, name: "w", key: ring.worker.publicKey))
        try coordinator.router.send(
            .credit(bytes: 0),
            to: try {
                try worker.dealer.send(.attach(InstanceID(high: 1, low: 2)))
                return try coordinator.message().peer
            }())
        let answer = try worker.wait { if case .message(let message) = $0 { message } else { nil } }
        #expect(answer == .credit(bytes: 0))

        let router = coordinator.router
        let inbox = coordinator.inbox
        let answering = Thread {
            guard let inbound = inbox.takeAll(waiting: .seconds(20)).first,
                case .request(let id, .list) = inbound.message, inbound.principal?.name == "o"
            else { return }
            _ = try? router.send(.reply(id: id, .jobs([])), to: inbound.peer)
        }
        answering.start()
        let client = try RequestClient(
            endpoint: router.endpoints.control, keys: ring.client(ring.operator))
        #expect(try client.request(.list) == .jobs([]))
        #expect(coordinator.problems.takeAll().filter { !$0.isRoutine } == [])
    }

    @Test("A worker is told of each connection, also to a coordinator that was started again")
    func connected() throws {
        let control = try DeadPort(isShared: true)
        let data = try DeadPort(isShared: true)
        let endpoints = Endpoints(control: control.endpoint, data: data.endpoint)
        let first = try GuardedRouter(ring.server, endpoints: endpoints)
        let worker = try GuardedWorker(endpoints, ring.client(ring.worker))
        defer { worker.dealer.stop() }
        func waitForBoth() throws {
            var channels: Set<Channel> = []
            while channels.count < 2 {
                let more = worker.heard.takeAll(waiting: .seconds(20))
                try #require(!more.isEmpty)
                for case .connected(let channel) in more { channels.insert(channel) }
            }
        }
        try waitForBoth()
        first.router.stop()
        let second = try GuardedRouter(ring.server, endpoints: endpoints)
        defer { second.router.stop() }
        try waitForBoth()
    }

    @Test("Without a key nobody comes in: worker and operator are told, the coordinator reports and counts")
    func noKey() throws {
        let coordinator = try GuardedRouter(ring.server)
        defer { coordinator.router.stop() }
        let worker = try GuardedWorker(coordinator.router.endpoints, nil)
        defer { worker.dealer.stop() }
        let error = try worker.notAdmitted()
        #expect(error.kind == .authentication)
        #expect(error.expected == "a coordinator without keys" && error.found == "one that demands keys")
        let client = try RequestClient(endpoint: coordinator.router.endpoints.control)
        let refusal = try #require(throws: InputError.self) { try client.request(.list) }
        #expect(refusal.kind == .authentication && refusal.found == error.found && refusal.hint == error.hint)
        // Its connection may be closed before its address is looked up.
        for problem in try coordinator.problems(1) {
            guard case .stranger(_, nil, _) = problem else {
                Issue.record("\(problem)")
                continue
            }
        }
        #expect(coordinator.inbox.takeAll() == [])
    }

    @Test("An unknown key does not come in: worker and operator are told, the coordinator reports and counts")
    func unknownKey() throws {
        let coordinator = try GuardedRouter(ring.server)
        defer { coordinator.router.stop() }
        let stranger = try KeyPair.random()
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(stranger))
        defer { worker.dealer.stop() }
        let error = try worker.notAdmitted()
        #expect(error.kind == .authentication)
        #expect(error.found == "one that it does not know (\(stranger.publicKey.text.prefix(8))…)")
        #expect(error.hint == "add the public line of this key to the coordinator's list of allowed keys")
        let client = try RequestClient(
            endpoint: coordinator.router.endpoints.control, keys: ring.client(stranger))
        let refusal = try #require(throws: InputError.self) { try client.request(.list) }
        #expect(refusal.kind == .authentication && refusal.found == error.found && refusal.hint == error.hint)
        let problems = try coordinator.problems(3)
        #expect(
            Set(problems)
                == Set((1...3).map { .stranger(address: "127.0.0.1", stranger.publicKey, count: $0) }))
        #expect(
            problems[0].description
                == "refused a stranger at 127.0.0.1 with key \(stranger.publicKey.text.prefix(8))… (number 1)")
        #expect(coordinator.inbox.takeAll() == [])
    }

    @Test("With the key of another coordinator nobody is spoken to")
    func wrongServerKey() throws {
        let coordinator = try GuardedRouter(ring.server)
        defer { coordinator.router.stop() }
        let wrong = ClientKeys(own: ring.worker, server: try KeyPair.random().publicKey)
        let worker = try GuardedWorker(coordinator.router.endpoints, wrong)
        defer { worker.dealer.stop() }
        let failure = try worker.wait {
            if case .problem(.handshakeFailed(_, let failure, _)) = $0 { failure } else { nil }
        }
        #expect(failure == .brokenOff)
        let client = try RequestClient(endpoint: coordinator.router.endpoints.control, keys: wrong)
        let error = try #require(throws: InputError.self) { try client.request(.list) }
        #expect(error.kind == .authentication && error.found == "one with another key")
        #expect(error.expected == "the coordinator with the key \(wrong.server.text.prefix(8))…")
        // Its connection may be closed before its address is looked up.
        for problem in try coordinator.problems(1) {
            guard case .stranger(_, nil, _) = problem else {
                Issue.record("\(problem)")
                continue
            }
        }
        #expect(coordinator.inbox.takeAll() == [])
    }

    @Test("With keys nobody speaks to a coordinator without")
    func coordinatorWithoutKeys() throws {
        let coordinator = try GuardedRouter(nil)
        defer { coordinator.router.stop() }
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(ring.worker))
        defer { worker.dealer.stop() }
        let error = try worker.notAdmitted()
        #expect(error.kind == .authentication)
        #expect(error.expected == "a coordinator with keys" && error.found == "one without")
        let client = try RequestClient(
            endpoint: coordinator.router.endpoints.control, keys: ring.client(ring.operator))
        let refusal = try #require(throws: InputError.self) { try client.request(.list) }
        #expect(refusal.kind == .authentication && refusal.found == error.found)
    }

    @Test("A worker's key on every operator's request: refused in the reply, reported, counted")
    func workerAsOperator() throws {
        let coordinator = try GuardedRouter(ring.server)
        defer { coordinator.router.stop() }
        let client = try RequestClient(
            endpoint: coordinator.router.endpoints.control, keys: ring.client(ring.worker))
        var samples = Samples(seed: 41)
        let requests = try samples.toCoordinator().compactMap {
            if case .request(_, let request) = $0 { request } else { nil }
        }
        #expect(requests.count >= 6)
        for request in requests {
            let error = try #require(throws: InputError.self) { try client.request(request) }
            #expect(error.kind == .authentication)
            #expect(error.expected == "an operator's key for this (request)")
            #expect(error.found == "that of the worker 'w'")
        }
        let problems = try coordinator.problems(requests.count)
        #expect(problems.count == requests.count)
        guard case .forbidden(_, .known(let principal), "request", requests.count) = problems[requests.count - 1] else {
            Issue.record("another problem: \(problems)")
            return
        }
        #expect(principal.key == ring.worker.publicKey)
        #expect(coordinator.inbox.takeAll() == [])
    }

    @Test("An operator's key on everything that a worker says, results above all: refused, reported, counted")
    func operatorAsWorker() throws {
        let coordinator = try GuardedRouter(ring.server)
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(ring.operator))
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        var samples = Samples(seed: 42)
        let messages = try samples.toCoordinator().filter { if case .request = $0 { false } else { true } }
        for message in messages { try worker.dealer.send(message) }
        let problems = try coordinator.problems(messages.count)
        let names = problems.compactMap { problem -> String? in
            guard case .forbidden(_, .known(let principal), let what, _) = problem, principal.name == "o" else {
                return nil
            }
            return what
        }
        #expect(names.sorted() == messages.map(\.name).sorted())
        #expect(names.contains("part") && names.contains("attach") && names.contains("hello"))
        let error = try worker.refused()
        #expect(error.kind == .authentication && error.found == "that of the operator 'o'")
        #expect(coordinator.inbox.takeAll() == [])
    }

    @Test("A key that is taken off the list loses its rights on a connection that it has, at once")
    func removedKey() throws {
        let coordinator = try GuardedRouter(ring.server)
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(ring.worker))
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.goodbye)
        _ = try coordinator.message()
        try ring.allow([(.operator, "o", ring.operator)])
        let start = ContinuousClock.now
        var problems: [TransportProblem] = []
        while problems.isEmpty {
            try worker.dealer.send(.goodbye)
            problems = coordinator.problems.takeAll(waiting: .milliseconds(10))
            try #require(start.duration(to: .now) < .seconds(10))
        }
        print("a removed key had rights for another \(start.duration(to: .now))")
        guard case .forbidden(_, .removed(ring.worker.publicKey.text), "goodbye", 1) = problems[0] else {
            Issue.record("another problem: \(problems)")
            return
        }
        #expect(try worker.refused().found == "one that is not allowed any more")
        // And it does not come in again.
        let again = try GuardedWorker(coordinator.router.endpoints, ring.client(ring.worker))
        defer { again.dealer.stop() }
        #expect(try again.notAdmitted().kind == .authentication)
    }

    @Test("A key that is added comes in at once")
    func addedKey() throws {
        let coordinator = try GuardedRouter(ring.server)
        let fresh = try KeyPair.random()
        try ring.allow([(.worker, "w", ring.worker), (.operator, "o", ring.operator), (.worker, "fresh", fresh)])
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(fresh))
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.goodbye)
        #expect(try coordinator.message().principal?.name == "fresh")
    }

    @Test("A list that becomes nonsense is reported, and the old one holds")
    func brokenList() throws {
        let coordinator = try GuardedRouter(ring.server)
        let worker = try GuardedWorker(coordinator.router.endpoints, ring.client(ring.worker))
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try ring.write("nonsense\n", to: "allowed.keys")
        guard case .allowListRefused(let error) = try coordinator.problems(1)[0] else {
            Issue.record("another problem")
            return
        }
        #expect(error.place == "\(ring.allowed):1")
        try worker.dealer.send(.goodbye)
        #expect(try coordinator.message().principal?.name == "w")
    }

    @Test("A list that cannot be read, or that is empty, is not served with")
    func noList() throws {
        try ring.write("", to: "allowed.keys")
        let error = try #require(throws: InputError.self) { try GuardedRouter(ring.server) }
        #expect(error.description == "\(ring.allowed): expected at least one allowed key, found none")
    }

    @Test("The self-test finds out that nobody keeps strangers out")
    func selfTest() throws {
        let context = try Context(ioThreads: 1)
        // No authenticator.
        let error = try #require(throws: InputError.self) {
            try SelfTest.run(stranger: .random(), context: context)
        }
        #expect(error.kind == .configuration)
        #expect(
            error.description.hasPrefix(
                "self-test of the keys: expected a key that is not allowed to be refused, found it was let in"))
    }

    @Test("Off loopback there must be keys, on both ends", arguments: ["tcp://*:5611", "tcp://10.0.0.1:5611"])
    func offLoopback(endpoint: String) throws {
        let endpoints = Endpoints(control: "tcp://127.0.0.1:1", data: endpoint)
        let error = try #require(throws: InputError.self) { try endpoints.check(hasKeys: false, place: "here") }
        #expect(error.kind == .configuration)
        #expect(
            error.description.hasPrefix(
                "here: expected keys, or a loopback endpoint such as tcp://127.0.0.1:5611, found \(endpoint)"))
        #expect(error.hint.contains("actdiff keygen"))
        try endpoints.check(hasKeys: true, place: "here")
        let client = try #require(throws: InputError.self) { try RequestClient(endpoint: endpoint) }
        #expect(client.place == endpoint && client.kind == .configuration && client.hint == error.hint)
    }

    @Test(
        "What is loopback, and what only looks like it",
        arguments: [
            ("tcp://127.0.0.1:1", true), ("tcp://127.9.9.9:*", true), ("tcp://localhost:1", true),
            ("tcp://[::1]:1", true), ("tcp://127.0.0.1.example.com:1", false), ("tcp://127.0.0.256:1", false),
            ("tcp://127.0.0.1:0;10.0.0.1:1", false), ("tcp://localhost;10.0.0.1:1", false), ("tcp://[::]:1", false),
            ("tcp://0.0.0.0:1", false), ("tcp://127.1:1", false),
        ])
    func loopback(endpoint: String, isLoopback: Bool) throws {
        let endpoints = Endpoints(control: "tcp://127.0.0.1:9", data: endpoint)
        if isLoopback {
            try endpoints.check(hasKeys: false, place: "")
        } else {
            #expect(throws: InputError.self) { try endpoints.check(hasKeys: false, place: "") }
        }
    }

    @Test("What is no TCP endpoint is refused, with keys too", arguments: ["ipc:///tmp/x", "tcp://", "x", "tcp://a:b"])
    func noEndpoint(endpoint: String) throws {
        let error = try #require(throws: InputError.self) {
            try Endpoints(control: endpoint, data: endpoint).check(hasKeys: true, place: "coordinator.yaml:3: control")
        }
        #expect(error.place == "coordinator.yaml:3: control" && error.found == "'\(endpoint)'")
    }
}
