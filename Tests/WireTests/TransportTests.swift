import CZeroMQ
import Foundation
import Inputs
import TestSupport
import WireSamples
import Testing
import Wire

@Suite("Transport", .timeLimit(.minutes(5)))
struct TransportTests {
    /// A coordinator's router on ports of the system's choice, with what it received.
    private struct Coordinator {
        let inbox: Mailbox<Inbound>
        let problems: Mailbox<TransportProblem>
        let router: RouterThread

        init(endpoints: Endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")) throws {
            let inbox = try Mailbox<Inbound>()
            let problems = try Mailbox<TransportProblem>()
            router = try RouterThread(bind: endpoints, deliver: { inbox.post($0) }, report: { problems.post($0) })
            self.inbox = inbox
            self.problems = problems
        }
    }

    /// A worker's dealer with what it received.
    private struct Worker {
        let inbox: Mailbox<MessageFromCoordinator>
        let problems: Mailbox<TransportProblem>
        let dealer: DealerThread

        init(_ endpoints: Endpoints) throws {
            let inbox = try Mailbox<MessageFromCoordinator>()
            let problems = try Mailbox<TransportProblem>()
            var options = SocketOptions()
            options.reconnectMilliseconds = 10...50
            dealer = try DealerThread(
                connect: endpoints, options: options, deliver: { message, _ in inbox.post(message) },
                report: { problems.post($0) })
            self.inbox = inbox
            self.problems = problems
        }
    }

    /// Takes `count` elements, or fewer where none comes for 20 seconds.
    private static func take<Element>(_ count: Int, from mailbox: Mailbox<Element>) -> [Element] {
        var taken: [Element] = []
        while taken.count < count {
            let more = mailbox.takeAll(waiting: .seconds(20))
            if more.isEmpty { break }
            taken += more
        }
        return taken
    }

    @Test("A port of * becomes a real one")
    func ports() throws {
        let coordinator = try Coordinator()
        defer { coordinator.router.stop() }
        let endpoints = coordinator.router.endpoints
        for endpoint in [endpoints.control, endpoints.data] {
            let port = try #require(Int(endpoint.split(separator: ":").last ?? ""))
            #expect(endpoint == "tcp://127.0.0.1:\(port)")
            #expect(port > 0)
        }
        #expect(endpoints.control != endpoints.data)
    }

    @Test("An endpoint that is taken is an error that names it")
    func taken() throws {
        let coordinator = try Coordinator()
        defer { coordinator.router.stop() }
        let endpoint = coordinator.router.endpoints.control
        let error = #expect(throws: ZeroMQError.self) {
            try Coordinator(endpoints: Endpoints(control: endpoint, data: "tcp://127.0.0.1:*"))
        }
        #expect(error?.description == "bind \(endpoint): Address already in use")
    }

    @Test("A thousand messages each way on each socket arrive in order")
    func order() throws {
        let coordinator = try Coordinator()
        let worker = try Worker(coordinator.router.endpoints)
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        let count = 1000
        let lease = LeaseID(job: try #require(JobID("job")), shard: 0, epoch: 0)
        for number in 0..<count {
            try worker.dealer.send(.renew(slots: 2, [Renewal(lease: lease, progress: UInt64(number))], tasks: []))
            try worker.dealer.send(.attach(InstanceID(high: 0, low: UInt64(number))))
        }
        let inbound = Self.take(2 * count, from: coordinator.inbox)
        let progress: [UInt64] = inbound.compactMap {
            if case .renew(_, let renewals, _) = $0.message { renewals.first?.progress } else { nil }
        }
        let instances: [UInt64] = inbound.compactMap {
            if case .attach(let instance) = $0.message { instance.low } else { nil }
        }
        let numbers = (0..<count).map(UInt64.init)
        #expect(progress == numbers)
        #expect(instances == numbers)

        let control = try #require(inbound.first { $0.peer.channel == .control }).peer
        let data = try #require(inbound.first { $0.peer.channel == .data }).peer
        for number in 0..<count {
            try coordinator.router.send(
                .reply(id: UInt64(number), .cancelled), to: control)
            try coordinator.router.send(.credit(bytes: number), to: data)
        }
        let answers = Self.take(2 * count, from: worker.inbox)
        #expect(
            answers.filter { $0.channel == .control } == (0..<count).map { .reply(id: UInt64($0), .cancelled) })
        #expect(answers.filter { $0.channel == .data } == (0..<count).map { .credit(bytes: $0) })
        #expect(coordinator.problems.takeAll() == [])
        #expect(worker.problems.takeAll() == [])
    }

    @Test("Parts of the largest size come through whole")
    func largeParts() throws {
        let coordinator = try Coordinator()
        let worker = try Worker(coordinator.router.endpoints)
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        var samples = Samples(seed: 21)
        let bytes = samples.bytes(WireLimits.partBytes...WireLimits.partBytes)
        let digest = Digest(of: bytes)
        let lease = try samples.lease()
        for number in 0..<64 {
            try worker.dealer.send(
                .part(
                    ResultPart(
                        lease: lease, transferDigest: digest, totalBytes: 64 * bytes.count,
                        offset: number * bytes.count,
                        bytes: bytes)))
        }
        let parts: [ResultPart] = Self.take(64, from: coordinator.inbox).compactMap {
            if case .part(let part) = $0.message { part } else { nil }
        }
        #expect(parts.map(\.offset) == (0..<64).map { $0 * bytes.count })
        #expect(parts.allSatisfy { $0.bytes == bytes })
    }

    @Test("What was posted before the stop is sent, as to a coordinator that knows its worker left")
    func goodbye() throws {
        let coordinator = try Coordinator()
        let worker = try Worker(coordinator.router.endpoints)
        defer { coordinator.router.stop() }
        try worker.dealer.send(.renew(slots: 1, [], tasks: []))
        _ = Self.take(1, from: coordinator.inbox)
        try worker.dealer.send(.goodbye)
        worker.dealer.stop()
        #expect(Self.take(1, from: coordinator.inbox).map(\.message) == [.goodbye])
    }

    @Test("A message to a peer that nobody knows is reported, and the router goes on")
    func unknownPeer() throws {
        let coordinator = try Coordinator()
        let worker = try Worker(coordinator.router.endpoints)
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.renew(slots: 1, [], tasks: []))
        let known = try #require(Self.take(1, from: coordinator.inbox).first).peer
        // Another coordinator gives its peers other ids.
        let other = try Coordinator()
        try other.router.send(.whoAreYou(.control), to: known)
        let problem = Self.take(1, from: other.problems).first
        other.router.stop()
        #expect(problem?.description == "\(known) is not to be reached: send: Host unreachable")
        guard case .undeliverable(known, let error) = problem else {
            Issue.record("another problem: \(String(describing: problem))")
            return
        }
        #expect(error.code == EHOSTUNREACH)
    }

    @Test("A message is not sent to a peer of the other socket")
    func wrongChannel() throws {
        let coordinator = try Coordinator()
        let worker = try Worker(coordinator.router.endpoints)
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.renew(slots: 1, [], tasks: []))
        let peer = try #require(Self.take(1, from: coordinator.inbox).first).peer
        let error = #expect(throws: ByteError.self) { try coordinator.router.send(.credit(bytes: 1), to: peer) }
        #expect(error?.description == "message: expected one for the control socket, found data")
    }

    @Test("A worker finds its way to a coordinator that was restarted, as a new peer")
    func restart() throws {
        let control = try DeadPort(isShared: true)
        let data = try DeadPort(isShared: true)
        let endpoints = Endpoints(control: control.endpoint, data: data.endpoint)
        let first = try Coordinator(endpoints: endpoints)
        let worker = try Worker(endpoints)
        defer { worker.dealer.stop() }
        try worker.dealer.send(.renew(slots: 1, [], tasks: []))
        let before = try #require(Self.take(1, from: first.inbox).first)
        first.router.stop()

        let second = try Coordinator(endpoints: endpoints)
        defer { second.router.stop() }
        // What is sent while the connection breaks may be lost, so the worker repeats itself as with its renewals.
        var after: Inbound?
        while after == nil {
            try worker.dealer.send(.renew(slots: 2, [], tasks: []))
            after = second.inbox.takeAll(waiting: .milliseconds(100)).first
        }
        #expect(after?.message == .renew(slots: 2, [], tasks: []))
        #expect(after?.peer != before.peer)
    }

    @Test("Threads end when their owner is gone, and leave no thread and no file behind")
    func noLeaks() throws {
        func once() throws {
            let coordinator = try Coordinator()
            let worker = try Worker(coordinator.router.endpoints)
            try worker.dealer.send(.renew(slots: 1, [], tasks: []))
            #expect(Self.take(1, from: coordinator.inbox).count == 1)
        }
        func entries(_ folder: String) throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/\(folder)").count
        }
        try once()
        let before = (files: try entries("fd"), threads: try entries("task"))
        for _ in 0..<30 { try once() }
        let after = (files: try entries("fd"), threads: try entries("task"))
        print("files and threads: \(before), \(after) after 30 coordinators and workers")
        // A round opens about 20 files and 6 threads; other tests of this process open some at the same time.
        #expect(after.files - before.files < 200)
        #expect(after.threads - before.threads < 60)
    }

    @Test("A worker without a coordinator is told when too much waits")
    func full() throws {
        let dead = try DeadPort()
        let worker = try Worker(Endpoints(control: dead.endpoint, data: dead.endpoint))
        defer { worker.dealer.stop() }
        for _ in 0..<4096 { try worker.dealer.send(.renew(slots: 2, [], tasks: [])) }
        let error = #expect(throws: ZeroMQError.self) { try worker.dealer.send(.renew(slots: 2, [], tasks: [])) }
        #expect(error?.description == "send to \(dead.endpoint): Resource temporarily unavailable")
    }
}
