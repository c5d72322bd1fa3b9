import Glibc

/// A worker's side of the network: a thread with a DEALER socket each for control and data.
///
/// libzmq connects again by itself. What was on its way when a connection broke is lost, and the coordinator sees a new
/// peer, which it asks who it is; a worker that sends nothing for long would not be asked.
public final class DealerThread: Sendable {
    /// Messages that may wait while there is no connection. Credit and renewals stay far below it.
    private static let waitingLimit = 4096

    private let thread: SocketThread
    private let outbox: Outbox

    /// Connects both sockets in the background. Throws `ZeroMQError` for an endpoint that is none.
    ///
    /// `deliver`, `connected` and `report` run on the thread and must not block; a `Mailbox` is a good place to deliver
    /// to. `connected` tells of each connection that comes about, the first and any later one: to the coordinator the
    /// worker is then somebody new, who should say who it is. A coordinator that will not let this worker in is
    /// reported as `notAdmitted`.
    public init(
        connect endpoints: Endpoints, keys: ClientKeys? = nil, options: SocketOptions = SocketOptions(),
        deliver: @escaping @Sendable (MessageFromCoordinator, _ receivedAt: ContinuousClock.Instant) -> Void,
        connected: @escaping @Sendable (Channel) -> Void = { _ in },
        report: @escaping @Sendable (TransportProblem) -> Void
    ) throws(ZeroMQError) {
        let outbox = try Outbox()
        let context = try Context(ioThreads: options.ioThreads)
        var options = options
        if let keys { options.curve = .client(keys) }
        let connections = ConnectionReports()
        let reader = MessageReader(report: report)
        let events = SocketThread.Events(
            received: { peer, message in
                let receivedAt = ContinuousClock.now
                if let message = reader.read(message, from: peer, as: MessageFromCoordinator.self) {
                    deliver(message, receivedAt)
                }
            },
            undeliverable: { report(.undeliverable($0, $1)) },
            connection: { channel, event, refusal in
                if event == .ready { connected(channel) }
                if let problem = connections.problem(event, on: channel) { report(problem) }
                if let refusal { report(.notAdmitted(refusal)) }
            },
            failed: { report(.failed($0)) }, closed: { context.end() })
        self.outbox = outbox
        thread = try SocketThread(
            name: "actdiff-dealer", side: .dealer, endpoints: endpoints, options: options, context: context,
            outbox: outbox, events: events)
    }

    /// Where it connects.
    public var endpoints: Endpoints { thread.endpoints }

    /// Sends a message as soon as there is a connection. Never blocks.
    ///
    /// Throws `ByteError` where the message is past one of `WireLimits`, `ZeroMQError` where too many wait already.
    public func send(_ message: MessageToCoordinator) throws {
        let bytes = try message.encoded()
        guard outbox.waitingCount < Self.waitingLimit else {
            throw ZeroMQError("send to \(thread.endpoints[message.channel])", code: EAGAIN)
        }
        outbox.post(bytes, to: PeerID(channel: message.channel, routingID: []))
    }

    /// Gives up a connection over which nothing comes any more, and makes another. Never blocks.
    public func reconnect(_ channel: Channel) {
        outbox.reconnect(channel)
    }

    /// Sends what is posted as far as the coordinator takes it, closes the sockets and ends the thread. Blocks until
    /// then, at most the options' linger time.
    public func stop() {
        thread.stop()
    }
}
