import Glibc

/// The sockets of a `SocketThread` and its round: send what was posted, poll, receive.
struct SocketLoop: ~Copyable {
    /// Which end of the connections it is.
    enum Side: Sendable {
        /// The coordinator's: binds, and has many peers.
        case router
        /// A worker's: connects.
        case dealer
    }

    /// Messages taken from a socket before the other one and the outbox have their turn.
    private static let messagesPerRound = 256

    let endpoints: Endpoints
    private let outbox: Outbox
    private let events: SocketThread.Events
    private var control: Line
    private var data: Line
    private var poller: Poller

    init(
        _ side: Side, endpoints: Endpoints, options: SocketOptions, context: Context, outbox: Outbox,
        events: SocketThread.Events
    ) throws(ZeroMQError) {
        var poller = Poller()
        _ = poller.add(outbox.entries.wakeUp)
        let control = try Line(.control, side, endpoints.control, context: context, options: options, poller: &poller)
        let data = try Line(.data, side, endpoints.data, context: context, options: options, poller: &poller)
        self.endpoints = Endpoints(control: control.endpoint, data: data.endpoint)
        self.control = control
        self.data = data
        self.outbox = outbox
        self.events = events
        self.poller = poller
    }

    /// Runs until the outbox is told to stop; throws where libzmq fails in a way that does not concern one peer alone.
    mutating func run() throws(ZeroMQError) {
        while true {
            for entry in outbox.entries.takeAll() {
                switch entry.peer.channel {
                case .control: control.waiting.append(entry)
                case .data: data.waiting.append(entry)
                }
            }
            // Asked after the outbox is emptied: what was posted before the stop is sent.
            let isStopping = outbox.isStopping
            try control.flush(outbox, events, &poller)
            try data.flush(outbox, events, &poller)
            if isStopping { return }
            _ = try poller.wait(until: [control.wakeAt, data.wakeAt].compactMap(\.self).min())
            // Messages first: the end of a connection that they came over is among the events.
            if poller.isReadable(control.item) { try control.drain(Self.messagesPerRound, events) }
            if poller.isReadable(data.item) { try data.drain(Self.messagesPerRound, events) }
            if poller.isReadable(control.eventItem) { try control.watch(events) }
            if poller.isReadable(data.eventItem) { try data.watch(events) }
            for greeting in outbox.greetings.takeAll() {
                switch greeting.channel {
                case .control: control.learn(greeting.mechanism, events)
                case .data: data.learn(greeting.mechanism, events)
                }
            }
            control.openIfDue()
            data.openIfDue()
            try control.reconnectIfDue(outbox)
            try data.reconnectIfDue(outbox)
        }
    }
}

/// One socket with what waits to be sent on it.
private struct Line: ~Copyable {
    let channel: Channel
    let endpoint: String
    /// The socket's place in the poller.
    let item: Int
    /// The place in the poller of what is told about its connections.
    let eventItem: Int
    var waiting: [Outbox.Entry] = []
    /// A dealer's one connection.
    private(set) var connection: ClientConnection?
    /// Where a router's connections come through.
    private(set) var door: Door?
    private let side: SocketLoop.Side
    private let socket: Socket

    init(
        _ channel: Channel, _ side: SocketLoop.Side, _ endpoint: String, context: Context, options: SocketOptions,
        poller: inout Poller
    ) throws(ZeroMQError) {
        var options = options
        if side == .router {
            let share = DescriptorShare()
            options.backlog = min(options.backlog, share.backlog)
            door = Door(most: options.mostConnections ?? share.connections)
        }
        let socket = try Socket(
            side == .router ? .router : .dealer, in: context, options: options,
            watchedFor: side == .router ? ConnectionEvent.ofClients : ConnectionEvent.ofServer)
        switch side {
        case .router: self.endpoint = try socket.bind(endpoint)
        case .dealer:
            try socket.connect(endpoint)
            self.endpoint = endpoint
            let keys: ClientKeys? = if case .client(let keys) = options.curve { keys } else { nil }
            connection = ClientConnection(endpoint: endpoint, keys: keys)
        }
        self.channel = channel
        self.side = side
        item = poller.add(socket)
        eventItem = poller.addEvents(of: socket)
        self.socket = socket
    }

    /// Sends what can be sent now. A dealer keeps the rest for later; a router has no one place to wait for, and reports
    /// a peer that does not take its message.
    mutating func flush(
        _ outbox: Outbox, _ events: SocketThread.Events, _ poller: inout Poller
    ) throws(ZeroMQError) {
        var sent = 0
        defer {
            waiting.removeFirst(sent)
            outbox.leave(sent)
            poller.setWantsRoom(!waiting.isEmpty, at: item)
        }
        for entry in waiting {
            switch side {
            case .dealer:
                guard try socket.send([entry.bytes]) else { return }
            case .router:
                do throws(ZeroMQError) {
                    guard try socket.send([entry.peer.routingID, entry.bytes]) else {
                        throw ZeroMQError("send", code: EAGAIN)
                    }
                } catch  where error.isAboutOnePeer {
                    events.undeliverable(entry.peer, error)
                }
            }
            sent += 1
        }
    }

    /// Receives up to `limit` messages.
    borrowing func drain(_ limit: Int, _ events: SocketThread.Events) throws(ZeroMQError) {
        let idFrames = side == .router ? 1 : 0
        for _ in 0..<limit {
            guard var message = try socket.receive(limit: idFrames + 1) else { return }
            let routingID = side == .router ? message.frames.removeFirst() : []
            message.count -= idFrames
            events.received(PeerID(channel: channel, routingID: routingID), message)
        }
    }

    /// Takes what became of the connections.
    mutating func watch(_ events: SocketThread.Events) throws(ZeroMQError) {
        while let event = try socket.nextEvent() {
            connection?.note(event)
            if let connections = door?.note(event) { events.crowded(channel, connections) }
            events.connection(channel, event, connection?.refusal)
        }
    }

    /// Takes what the server says that it demands.
    mutating func learn(_ mechanism: String, _ events: SocketThread.Events) {
        connection?.learn(mechanism: mechanism)
        if let refusal = connection?.refusal { events.connection(channel, .handshakeFailed(.mechanism), refusal) }
    }

    /// When there is something to do though nothing comes.
    var wakeAt: ContinuousClock.Instant? { connection?.reconnectAt ?? door?.lookAt }

    /// Lets connections come again where there is room for them.
    mutating func openIfDue() {
        door?.openIfDue()
    }

    /// Connects anew where libzmq does not, or where somebody asks for it; not at once where all attempts fail.
    mutating func reconnectIfDue(_ outbox: Outbox) throws(ZeroMQError) {
        if outbox.takeReconnect(channel), side == .dealer { try socket.reconnect(endpoint) }
        if connection?.takePause() == true {
            try socket.disconnect(endpoint)
            if connection?.isPuzzling == true { outbox.ask(endpoint, for: channel) }
        }
        if connection?.takeReconnect() == true { try socket.reconnect(endpoint) }
    }
}

extension ZeroMQError {
    /// Whether it says that one peer is gone (EHOSTUNREACH) or does not read (EAGAIN).
    fileprivate var isAboutOnePeer: Bool { code == EHOSTUNREACH || code == EAGAIN }
}
