import Inputs

/// An operator's connection to the coordinator's control socket: one question at a time.
public final class RequestClient {
    /// How long a server may take to say whether it demands keys.
    private static let greetingPatience = Duration.seconds(2)

    private let endpoint: String
    private let socket: Socket
    private var poller = Poller()
    private let item: Int
    private var connection: ClientConnection
    private var lastID: UInt64 = 0

    /// Begins to connect. Throws `InputError` for an endpoint that is none, and without keys for one off loopback.
    public init(endpoint: String, keys: ClientKeys? = nil) throws {
        try Reachability.check(endpoint, hasKeys: keys != nil, place: endpoint, kind: .usage)
        self.endpoint = endpoint
        connection = ClientConnection(endpoint: endpoint, keys: keys)
        var options = SocketOptions()
        // A question that nobody waits for any more need not be sent.
        options.lingerMilliseconds = 0
        if let keys { options.curve = .client(keys) }
        do throws(ZeroMQError) {
            socket = try Socket(
                .dealer, in: try Context(ioThreads: options.ioThreads), options: options,
                watchedFor: ConnectionEvent.ofServer)
            try socket.connect(endpoint)
        } catch {
            throw InputError(
                endpoint, expected: "an endpoint such as tcp://127.0.0.1:5611", found: error.reason, kind: .usage)
        }
        item = poller.add(socket)
        _ = poller.addEvents(of: socket)
    }

    /// Asks, and blocks until the answer is there.
    ///
    /// Throws the coordinator's own `InputError` where it answers with a failure, one of kind `authentication` where it
    /// does not accept the keys, one of kind `unreachable` where nothing answers in time.
    public func request(_ request: OperatorRequest, timeout: Duration = .seconds(10)) throws -> OperatorReply {
        let deadline = ContinuousClock.now + timeout
        lastID += 1
        do {
            try send(try MessageToCoordinator.request(id: lastID, request).encoded(), until: deadline, timeout)
            return try reply(until: deadline, timeout)
        } catch let error as ByteError {
            throw error.inputError(endpoint)
        } catch let error as ZeroMQError {
            throw InputError(endpoint, expected: "a working connection", found: "\(error)", kind: .temporary)
        }
    }

    private func send(_ bytes: [UInt8], until deadline: ContinuousClock.Instant, _ timeout: Duration) throws {
        poller.setWantsRoom(true, at: item)
        defer { poller.setWantsRoom(false, at: item) }
        while try !socket.send([bytes]) {
            guard try wait(until: deadline) else { throw unreachable("no connection within \(timeout)") }
            // Answers to earlier questions are dropped: while one waits to be read, the poll returns at once.
            while try socket.receive(limit: 1) != nil {}
        }
    }

    private func reply(until deadline: ContinuousClock.Instant, _ timeout: Duration) throws -> OperatorReply {
        while true {
            guard let message = try socket.receive(limit: 1) else {
                guard try wait(until: deadline) else { throw unreachable("no answer within \(timeout)") }
                continue
            }
            guard message.count == 1, let bytes = message.frames.first else {
                throw ByteError("message", expected: "one frame", found: "\(message.count)")
            }
            switch try MessageFromCoordinator(decoding: bytes) {
            case .reply(lastID, .failure(let error)), .refused(let error): throw error
            case .reply(lastID, let reply): return reply
            // The answer to a question that was given up.
            default: continue
            }
        }
    }

    /// Waits until something is ready; false when the time is up. Throws where the coordinator will not let us in.
    private func wait(until deadline: ContinuousClock.Instant) throws -> Bool {
        while true {
            let isReady = try poller.wait(until: min(deadline, connection.reconnectAt ?? deadline))
            while let event = try socket.nextEvent() {
                connection.note(event)
                // Somebody waits for the answer, and can try again: no need to be sure of the reason.
                if case .handshakeFailed(let failure) = event, failure == .unknownKey || failure == .mechanism {
                    throw connection.error(for: failure)
                }
            }
            if connection.isFailing, let error = failure(), error.kind == .authentication { throw error }
            if connection.takePause() { try socket.disconnect(endpoint) }
            if connection.takeReconnect() { try socket.reconnect(endpoint) }
            if isReady || ContinuousClock.now >= deadline { return isReady }
        }
    }

    /// Why the connections fail, as far as the server says it.
    private func failure() -> InputError? {
        guard connection.isFailing else { return connection.failure(mechanism: nil) }
        return connection.failure(mechanism: ServerGreeting.mechanism(of: endpoint, within: Self.greetingPatience))
    }

    private func unreachable(_ found: String) -> InputError {
        failure()
            ?? InputError(
                endpoint, expected: "a coordinator that answers", found: found,
                hint: "is the coordinator running, and is this its control endpoint?", kind: .unreachable)
    }
}
