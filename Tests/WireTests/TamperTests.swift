import Foundation
import Glibc
import TestSupport
import Testing
@testable import Wire

/// Somebody who reads along, changes bytes, sends them again, or sends bytes of his own.
@Suite("Tampering", .timeLimit(.minutes(5)))
struct TamperTests {
    let ring: KeyRing
    let coordinator: GuardedRouter
    let tap: Tap
    private let secretive = InstanceID(high: 0x0123_4567_89ab_cdef, low: 0xfedc_ba98_7654_3210)

    init() throws {
        ring = try KeyRing()
        coordinator = try GuardedRouter(ring.server)
        tap = try Tap(before: coordinator.router.endpoints.data)
    }

    /// A worker whose data goes through the tap.
    private func worker() throws -> GuardedWorker {
        try GuardedWorker(
            Endpoints(control: coordinator.router.endpoints.control, data: tap.endpoint), ring.client(ring.worker))
    }

    /// Sends bytes over a connection of its own; returns when the coordinator has closed it.
    private func sendRaw(_ bytes: [UInt8], to endpoint: String) throws {
        let port = try #require(UInt16(endpoint.split(separator: ":").last ?? ""))
        let descriptor = try #require(Tap.connect(to: port))
        defer { close(descriptor) }
        var patience = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        _ = bytes.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { continue }
            #expect(count == 0 || errno == ECONNRESET, "it is still open: \(String(cString: strerror(errno)))")
            return
        }
    }

    /// Waits for a problem; fails after 20 seconds of silence.
    private func wait(for isIt: (TransportProblem) -> Bool) throws {
        while true {
            let more = coordinator.problems.takeAll(waiting: .seconds(20))
            try #require(!more.isEmpty)
            if more.contains(where: isIt) { return }
        }
    }

    private func expectStranger(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let problems = try coordinator.problems(1)
        // The address is looked up when it is told of the connection, which may be over by then.
        let isRight = ["127.0.0.1", "an unknown address"].contains { address in
            problems == [.stranger(address: address, nil, count: count)]
        }
        #expect(isRight, "\(problems)", sourceLocation: sourceLocation)
    }

    /// Waits until the connection through the tap was closed, and counted.
    private func waitForEnd() throws {
        try wait { if case .disconnected(.data, 1) = $0 { true } else { false } }
    }

    @Test("Who reads along reads nothing, and what he recorded is worth nothing when it is sent again")
    func replay() throws {
        let worker = try worker()
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.attach(secretive))
        #expect(try coordinator.message().message == .attach(secretive))
        let recorded = tap.bytes
        #expect(recorded.count > 400, "a whole handshake and a message")
        let plain = try MessageToCoordinator.attach(secretive).encoded()
        #expect(recorded.firstRange(of: plain[5..<21]) == nil, "not readable")
        try sendRaw(recorded, to: coordinator.router.endpoints.data)
        try expectStranger(1)
        #expect(coordinator.inbox.takeAll() == [])
        // The one whose connection was recorded goes on.
        try worker.dealer.send(.attach(secretive))
        #expect(try coordinator.message().message == .attach(secretive))
    }

    @Test("A changed byte ends the connection, nothing of it arrives, and the worker connects anew")
    func changedByte() throws {
        let worker = try worker()
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.attach(secretive))
        let before = try coordinator.message()
        tap.changeNext { bytes in
            var bytes = bytes
            bytes[bytes.count - 1] ^= 1
            return bytes
        }
        try worker.dealer.send(.attach(InstanceID(high: 6, low: 6)))
        try waitForEnd()
        var after: Inbound?
        let start = ContinuousClock.now
        while after == nil {
            try #require(start.duration(to: .now) < .seconds(20))
            try worker.dealer.send(.attach(secretive))
            after = coordinator.inbox.takeAll(waiting: .milliseconds(100)).first
        }
        #expect(after?.message == .attach(secretive))
        #expect(after?.peer != before.peer)
    }

    @Test("A frame that is slipped into a connection ends it, and is not taken")
    func forgedFrame() throws {
        let worker = try worker()
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.attach(secretive))
        _ = try coordinator.message()
        let forged = try MessageToCoordinator.attach(InstanceID(high: 6, low: 6)).encoded()
        // A frame of ZMTP: flags, length, content; first as it would be without keys.
        tap.changeNext { [0, UInt8(forged.count)] + forged + $0 }
        try worker.dealer.send(.attach(secretive))
        try waitForEnd()
        #expect(coordinator.inbox.takeAll().allSatisfy { $0.message == .attach(secretive) })
    }

    @Test("A message sent twice by somebody between arrives once at most")
    func duplicatedFrame() throws {
        let worker = try worker()
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.attach(secretive))
        _ = try coordinator.message()
        tap.changeNext { $0 + $0 }
        let once = InstanceID(high: 7, low: 7)
        try worker.dealer.send(.attach(once))
        // Whether the first of the two is taken is for libzmq to say; the second never is.
        try waitForEnd()
        #expect(coordinator.inbox.takeAll().count { $0.message == .attach(once) } <= 1)
    }

    @Test("Bytes of somebody without a key: another protocol, a greeting without keys, noise")
    func rawBytes() throws {
        defer { coordinator.router.stop() }
        let greeting: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]
        let null = greeting + Array("NULL".utf8) + [UInt8](repeating: 0, count: 48)
        var samples = Samples(seed: 43)
        let sent = [null, Array("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n".utf8), samples.bytes(3000...3000)]
        for (number, bytes) in sent.enumerated() {
            try sendRaw(bytes, to: coordinator.router.endpoints.control)
            try expectStranger(number + 1)
        }
        #expect(coordinator.inbox.takeAll() == [])
    }

    @Test("A byte that is changed on its way to the worker ends the connection, and the worker connects anew")
    func changedAnswer() throws {
        let worker = try worker()
        defer {
            worker.dealer.stop()
            coordinator.router.stop()
        }
        try worker.dealer.send(.attach(secretive))
        let before = try coordinator.message().peer
        tap.changeNextAnswer { bytes in
            var bytes = bytes
            bytes[bytes.count - 1] ^= 1
            return bytes
        }
        try coordinator.router.send(.credit(bytes: 1), to: before)
        _ = try worker.wait { if case .problem(.handshakeFailed(.data, .cryptography, 1)) = $0 { true } else { nil } }
        _ = try worker.wait { if case .connected(.data) = $0 { true } else { nil } }
        try worker.dealer.send(.attach(secretive))
        #expect(try coordinator.message().peer != before)
    }

    @Test("Without keys, a changed byte is found by the checksum, and the damaged message is dropped")
    func changedByteWithoutKeys() throws {
        let open = try GuardedRouter(nil)
        let tap = try Tap(before: open.router.endpoints.data)
        let worker = try GuardedWorker(Endpoints(control: open.router.endpoints.control, data: tap.endpoint), nil)
        defer {
            worker.dealer.stop()
            open.router.stop()
        }
        try worker.dealer.send(.attach(secretive))
        #expect(try open.message().principal == nil)
        // The last byte of the instance, before the checksum.
        tap.changeNext { bytes in
            var bytes = bytes
            bytes[bytes.count - 9] ^= 1
            return bytes
        }
        try worker.dealer.send(.attach(secretive))
        guard case .malformed(_, let error, 1) = try open.problems(1)[0] else {
            Issue.record("another problem")
            return
        }
        #expect(error.what == "message.checksum")
        #expect(open.inbox.takeAll() == [])
    }
}
