import Inputs
import CZeroMQ

/// The connections of many workers in one thread, to measure a coordinator with.
///
/// Each worker has a control and a data connection of its own, as it would have from its own process; but one socket
/// holds all control connections and another all data connections, so that thousands of workers cost two polled sockets
/// and no thread each. Not for use from several threads.
public final class ConnectionSwarm {
    /// What went through since the start: messages and their bytes.
    public struct Traffic: Sendable, Hashable, Codable {
        public var messagesOut = 0
        public var bytesOut = 0
        public var messagesIn = 0
        public var bytesIn = 0
        /// Messages that found no room.
        public var dropped = 0
    }

    /// Messages taken from one socket before the other has its turn.
    private static let messagesPerRound = 256

    public private(set) var traffic = Traffic()
    private let endpoints: Endpoints
    private let control: Socket
    private let data: Socket
    private var poller = Poller()
    private let controlItem: Int
    private let dataItem: Int

    /// Opens both sockets; nobody is connected yet. All workers have the same keys. Throws `ZeroMQError`.
    public init(_ endpoints: Endpoints, keys: ClientKeys? = nil) throws(ZeroMQError) {
        self.endpoints = endpoints
        var options = SocketOptions()
        if let keys { options.curve = .client(keys) }
        let context = try Context(ioThreads: options.ioThreads)
        // A router is the one type of socket that addresses each of its connections.
        control = try Socket(.router, in: context, options: options)
        data = try Socket(.router, in: context, options: options)
        // With the connection there must at once be a queue under its name.
        try control.set(ZMQ_IMMEDIATE, 0)
        try data.set(ZMQ_IMMEDIATE, 0)
        controlItem = poller.add(control)
        dataItem = poller.add(data)
    }

    /// Opens the connections of a worker. Throws `ZeroMQError`.
    public func connect(_ worker: Int) throws(ZeroMQError) {
        try control.connect(endpoints.control, under: Self.name(of: worker))
        try data.connect(endpoints.data, under: Self.name(of: worker))
    }

    /// Sends a worker's message, or counts it as dropped where there is no room. Throws `ByteError` or `ZeroMQError`.
    public func send(_ message: MessageToCoordinator, from worker: Int) throws {
        let frames = [Self.name(of: worker), try message.encoded()]
        guard try message.channel == .control ? control.send(frames) : data.send(frames) else {
            traffic.dropped += 1
            return
        }
        traffic.messagesOut += 1
        traffic.bytesOut += frames[1].count
    }

    /// Waits for messages until the time is up, and hands out those that are there. Throws `ByteError` for one that
    /// cannot be read, and `ZeroMQError`.
    public func receive(
        until deadline: ContinuousClock.Instant, _ body: (_ worker: Int, MessageFromCoordinator) throws -> Void
    ) throws {
        guard try poller.wait(until: deadline) else { return }
        if poller.isReadable(controlItem) { try drain(control, body) }
        if poller.isReadable(dataItem) { try drain(data, body) }
    }

    private func drain(
        _ socket: borrowing Socket, _ body: (_ worker: Int, MessageFromCoordinator) throws -> Void
    ) throws {
        for _ in 0..<Self.messagesPerRound {
            guard let message = try socket.receive(limit: 2) else { return }
            guard message.count == 2, let worker = Self.worker(named: message.frames[0]) else {
                throw ByteError("message", expected: "one frame", found: "\(message.count - 1)")
            }
            traffic.messagesIn += 1
            traffic.bytesIn += message.frames[1].count
            try body(worker, MessageFromCoordinator(decoding: message.frames[1]))
        }
    }

    /// A connection's name in its socket: W and the worker's number. libzmq keeps names that begin with 0 for itself.
    private static func name(of worker: Int) -> [UInt8] {
        [UInt8(ascii: "W")] + withUnsafeBytes(of: UInt32(worker).bigEndian) { Array($0) }
    }

    private static func worker(named name: [UInt8]) -> Int? {
        guard name.count == 5, name[0] == UInt8(ascii: "W") else { return nil }
        return name.dropFirst().reduce(0) { $0 << 8 | Int($1) }
    }
}

extension Socket {
    fileprivate borrowing func set(_ option: Int32, _ value: Int32) throws(ZeroMQError) {
        let status = withUnsafeBytes(of: value) { zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
        guard status == 0 else { throw ZeroMQError.last("socket option \(option)") }
    }

    /// Connects once more, with a name for the new connection.
    fileprivate borrowing func connect(_ endpoint: String, under name: [UInt8]) throws(ZeroMQError) {
        guard zmq_setsockopt(handle, ZMQ_CONNECT_ROUTING_ID, name, name.count) == 0 else {
            throw ZeroMQError.last("name of a connection to \(endpoint)")
        }
        try connect(endpoint)
    }
}
