import CZeroMQ

/// A ZeroMQ socket, to be made, used and closed on one thread. No call blocks.
struct Socket: ~Copyable {
    /// What kind of socket.
    enum Role: Sendable {
        /// Many peers; the first frame of a message is the peer's routing id.
        case router
        /// One peer.
        case dealer
        /// Questions in, one answer each out.
        case reply
        /// One peer in this process.
        case pair

        var type: Int32 {
            switch self {
            case .router: ZMQ_ROUTER
            case .dealer: ZMQ_DEALER
            case .reply: ZMQ_REP
            case .pair: ZMQ_PAIR
            }
        }
    }

    /// A message of several frames; `count` may be larger than `frames.count`, where there were too many to keep.
    struct Message {
        var frames: [[UInt8]]
        var count: Int
        /// The key that the sender proved to have, as the list of allowed keys let it in; nil without CURVE.
        var userID: String?
    }

    let handle: UnsafeMutableRawPointer
    // Keeps the context until the socket is closed.
    private let context: Context
    private let frame: FrameBuffer
    /// Where libzmq tells what becomes of the connections; a socket, too.
    let monitor: UnsafeMutableRawPointer?

    /// Opens a socket; one that is watched tells of its connections in `nextEvent`, which must then be asked.
    init(_ role: Role, in context: Context, options: SocketOptions, isWatched: Bool = false) throws(ZeroMQError) {
        let handle = try Self.open(role, in: context, options: options)
        do throws(ZeroMQError) {
            monitor = isWatched ? try Self.watch(handle, in: context) : nil
        } catch {
            zmq_close(handle)
            throw error
        }
        self.handle = handle
        self.context = context
        frame = FrameBuffer()
    }

    deinit {
        // In this order: an event for which nobody is left would block a thread of libzmq.
        if monitor != nil { zmq_socket_monitor(handle, nil, 0) }
        zmq_close(handle)
        if let monitor { zmq_close(monitor) }
    }

    private static func watch(
        _ handle: UnsafeMutableRawPointer, in context: Context
    ) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        let endpoint = "inproc://monitor-\(UInt(bitPattern: handle))"
        guard zmq_socket_monitor(handle, endpoint, ConnectionEvent.mask) == 0 else {
            throw ZeroMQError.last("monitor of a socket")
        }
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        // Without a limit: where an event found no room it would block a thread of libzmq, too.
        options.highWaterMark = 0
        let monitor = try open(.pair, in: context, options: options)
        guard zmq_connect(monitor, endpoint) == 0 else {
            let error = ZeroMQError.last("monitor of a socket")
            zmq_close(monitor)
            throw error
        }
        return monitor
    }

    private static func open(
        _ role: Role, in context: Context, options: SocketOptions
    ) throws(ZeroMQError) -> UnsafeMutableRawPointer {
        guard let handle = zmq_socket(context.handle, role.type) else { throw ZeroMQError.last("new socket") }
        do throws(ZeroMQError) {
            for (option, value) in options.values { try set(option, value, of: handle) }
            for (option, text) in options.curve.texts { try set(option, text, of: handle) }
            // A larger frame makes libzmq drop the connection that sent it.
            try set(ZMQ_MAXMSGSIZE, Int64(WireLimits.messageBytes), of: handle)
            // Without it a message to a peer that is gone vanishes without a word.
            if role == .router { try set(ZMQ_ROUTER_MANDATORY, Int32(1), of: handle) }
        } catch {
            zmq_close(handle)
            throw error
        }
        return handle
    }

    private static func set(
        _ option: Int32, _ value: some FixedWidthInteger, of handle: UnsafeMutableRawPointer
    ) throws(ZeroMQError) {
        let status = withUnsafeBytes(of: value) { zmq_setsockopt(handle, option, $0.baseAddress, $0.count) }
        guard status == 0 else { throw ZeroMQError.last("socket option \(option)") }
    }

    private static func set(
        _ option: Int32, _ text: String, of handle: UnsafeMutableRawPointer
    ) throws(ZeroMQError) {
        // Keys in their text form are taken with the NUL at their end or without.
        guard zmq_setsockopt(handle, option, text, text.utf8.count) == 0 else {
            throw ZeroMQError.last("socket option \(option)")
        }
    }

    /// Listens at an endpoint such as `tcp://127.0.0.1:*`; returns the real one with its port.
    borrowing func bind(_ endpoint: String) throws(ZeroMQError) -> String {
        guard zmq_bind(handle, endpoint) == 0 else { throw ZeroMQError.last("bind \(endpoint)") }
        var text = [UInt8](repeating: 0, count: 1024)
        var size = text.count
        guard zmq_getsockopt(handle, ZMQ_LAST_ENDPOINT, &text, &size) == 0, size <= text.count else {
            throw ZeroMQError.last("endpoint of \(endpoint)")
        }
        return Self.plain(String(decoding: text.prefix(size).prefix { $0 != 0 }, as: UTF8.self))
    }

    /// An IPv4 address without the IPv6 form that an IPv6 socket gives it, such as `tcp://[::ffff:127.0.0.1]:5555`.
    private static func plain(_ endpoint: String) -> String {
        let mapped = "tcp://[::ffff:"
        guard endpoint.hasPrefix(mapped), let end = endpoint.firstIndex(of: "]") else { return endpoint }
        let address = endpoint[endpoint.index(endpoint.startIndex, offsetBy: mapped.count)..<end]
        return "tcp://" + address + endpoint[endpoint.index(after: end)...]
    }

    /// Connects in the background, and again whenever the connection is lost.
    borrowing func connect(_ endpoint: String) throws(ZeroMQError) {
        guard zmq_connect(handle, endpoint) == 0 else { throw ZeroMQError.last("connect \(endpoint)") }
    }

    /// Gives the connection up, and connects anew in the background.
    borrowing func reconnect(_ endpoint: String) throws(ZeroMQError) {
        // ENOENT: libzmq has given it up already.
        guard zmq_disconnect(handle, endpoint) == 0 || zmq_errno() == ENOENT else {
            throw ZeroMQError.last("disconnect \(endpoint)")
        }
        try connect(endpoint)
    }

    /// Sends a message whole, or returns false where there is no room or no peer now.
    ///
    /// Throws `ZeroMQError`, of code EHOSTUNREACH where a router does not know the peer.
    borrowing func send(_ frames: [[UInt8]]) throws(ZeroMQError) -> Bool {
        for (at, bytes) in frames.enumerated() {
            let flags = ZMQ_DONTWAIT | (at + 1 < frames.count ? ZMQ_SNDMORE : 0)
            var sent: Int32
            repeat {
                sent = bytes.withUnsafeBytes { zmq_send(handle, $0.baseAddress, $0.count, flags) }
            } while sent < 0 && zmq_errno() == EINTR
            if sent < 0 {
                // Room is made for a message as a whole, so only its first frame can be put off.
                if zmq_errno() == EAGAIN, at == 0 { return false }
                throw ZeroMQError.last("send")
            }
        }
        return true
    }

    /// The next message, nil where none waits. Frames past `limit` are counted and thrown away.
    borrowing func receive(limit: Int) throws(ZeroMQError) -> Message? {
        try receive(limit: limit, from: handle)
    }

    /// What became of a connection, nil where nothing new did.
    borrowing func nextEvent() throws(ZeroMQError) -> ConnectionEvent? {
        guard let monitor else { return nil }
        while let message = try receive(limit: 2, from: monitor) {
            if let event = ConnectionEvent(message) { return event }
        }
        return nil
    }

    private borrowing func receive(
        limit: Int, from handle: UnsafeMutableRawPointer
    ) throws(ZeroMQError) -> Message? {
        var message = Message(frames: [], count: 0)
        repeat {
            guard try frame.receive(from: handle) else {
                guard message.count == 0 else { throw ZeroMQError("receive the rest of a message", code: EAGAIN) }
                return nil
            }
            message.count += 1
            guard message.count <= limit else { continue }
            message.frames.append(frame.bytes)
            message.userID = frame.property("User-Id")
        } while frame.hasMore
        return message
    }
}
