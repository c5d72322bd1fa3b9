import CZeroMQ
import Foundation
import Inputs
import Testing
@testable import Wire

/// Peers that send what no worker of ours would.
@Suite("Malformed peers", .timeLimit(.minutes(5)))
struct MalformedPeerTests {
    private let inbox: Mailbox<Inbound>
    private let problems: Mailbox<TransportProblem>
    private let router: RouterThread

    init() throws {
        let inbox = try Mailbox<Inbound>()
        let problems = try Mailbox<TransportProblem>()
        router = try RouterThread(
            bind: Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*"),
            deliver: { inbox.post($0) }, report: { problems.post($0) })
        self.inbox = inbox
        self.problems = problems
    }

    /// A raw socket connected to the router, and what it takes to wait with it.
    private struct RawPeer: ~Copyable {
        let socket: Socket
        var poller = Poller()
        let item: Int

        init(_ endpoint: String) throws {
            var options = SocketOptions()
            options.lingerMilliseconds = 0
            let socket = try Socket(.dealer, in: Context(ioThreads: 1), options: options)
            try socket.connect(endpoint)
            item = poller.add(socket)
            self.socket = socket
        }

        mutating func send(_ frames: [[UInt8]]) throws {
            poller.setWantsRoom(true, at: item)
            while try !socket.send(frames) { #expect(try poller.wait(until: .now + .seconds(20))) }
            poller.setWantsRoom(false, at: item)
        }

        mutating func receive() throws -> Socket.Message? {
            while true {
                if let message = try socket.receive(limit: 8) { return message }
                guard try poller.wait(until: .now + .seconds(20)) else { return nil }
            }
        }
    }

    /// Sends what is malformed, then a message that is right, which shows that the router went on; the problems.
    private func problems(of sent: [[[UInt8]]], on channel: Channel = .control) throws -> [String] {
        var peer = try RawPeer(router.endpoints[channel])
        for frames in sent { try peer.send(frames) }
        let right: MessageToCoordinator = channel == .control ? .goodbye : .attach(InstanceID(high: 0, low: 0))
        try peer.send([right.encoded()])
        #expect(inbox.takeAll(waiting: .seconds(20)).map(\.message) == [right])
        return problems.takeAll().filter { !$0.isRoutine }.map {
            guard case .malformed(let peer, let error, let count) = $0 else { return "\($0)" }
            return "\(peer.channel) \(count) \(error)"
        }
    }

    @Test("A message of another number of frames is refused and counted")
    func frameCount() throws {
        let right = try MessageToCoordinator.goodbye.encoded()
        let many = [[UInt8]](repeating: right, count: 1001)
        #expect(
            try problems(of: [[right, right], many, [[], right]]) == [
                "control 1 message: expected one frame, found 2", "control 2 message: expected one frame, found 1001",
                "control 3 message: expected one frame, found 2",
            ])
    }

    @Test("Messages of 1001 frames and 65 MB are counted, and none of them is kept in memory")
    func largeMultipart() throws {
        // The first one shows what passing through libzmq costs, which keeps a message until all of it is there.
        let frames = [[UInt8]](repeating: [UInt8](repeating: 7, count: 65 << 10), count: 1001)
        let before = try Self.residentBytes()
        for count in 1...12 {
            #expect(
                try problems(of: [frames]) == ["control \(count) message: expected one frame, found 1001"])
        }
        let growth = try Self.residentBytes() - before
        print("12 messages of 65 MB: resident memory grew by \(growth >> 20) MiB")
        #expect(growth < 4 * 65 << 20)
    }

    private static func residentBytes() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return try #require(Int(fields[1])) * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test("Noise is refused and counted")
    func noise() throws {
        #expect(
            try problems(of: [[[]], [[1, 2, 3]], [Array("ADxx".utf8)]]) == [
                "control 1 message.magic: expected 2 bytes, found 0 left",
                "control 2 message.magic: expected the letters AD, found bytes [1, 2]",
                "control 3 message.kind: expected 1 bytes, found 0 left",
            ])
    }

    @Test("A message on the wrong socket is refused and counted")
    func wrongSocket() throws {
        #expect(
            try problems(of: [[MessageToCoordinator.goodbye.encoded()]], on: .data) == [
                "data 1 message: expected one for the data socket, found control"
            ])
    }

    @Test("A peer of another protocol version is told both versions")
    func version() throws {
        var peer = try RawPeer(router.endpoints.control)
        var bytes = try MessageToCoordinator.goodbye.encoded()
        bytes[2] = 7
        try peer.send([resealed(bytes)])
        let answer = try #require(try peer.receive())
        #expect(answer.count == 1)
        guard case .refused(let error) = try MessageFromCoordinator(decoding: answer.frames[0]) else {
            Issue.record("not refused")
            return
        }
        #expect(error.kind == .configuration)
        #expect(error.description.hasPrefix("protocol version: expected 3, the coordinator's, found 7"))
    }

    @Test("A peer of version 1 is refused in the form that it understands: without a checksum")
    func firstVersion() throws {
        var peer = try RawPeer(router.endpoints.control)
        var bytes = Array(try MessageToCoordinator.goodbye.encoded().prefix(MessageHeader.byteCount))
        bytes[2] = 1
        try peer.send([bytes])
        let answer = try #require(try peer.receive()?.frames.first)
        var reader = ByteReader(answer, in: MessageHeader.byteCount..<answer.count)
        #expect(try InputError(from: &reader, "error").found == "1")
        #expect(reader.remaining == 0)
    }

    @Test("A damaged message is refused and counted, and its sender is not told that its version is wrong")
    func damaged() throws {
        var bytes = try MessageToCoordinator.goodbye.encoded()
        bytes[2] = 7
        #expect(
            try problems(of: [[bytes]]) == ["control 1 message.version: expected protocol version 3, found 7"])
    }

    @Test("A frame past the largest size does not reach the process")
    func oversize() throws {
        var peer = try RawPeer(router.endpoints.control)
        try peer.send([[UInt8](repeating: 0, count: WireLimits.messageBytes + 1)])
        // libzmq drops the connection; another peer is still served.
        #expect(try problems(of: []) == [])
    }
}
