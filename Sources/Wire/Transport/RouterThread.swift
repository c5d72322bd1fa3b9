import Inputs
import Synchronization

/// What a peer told the coordinator, and when.
public struct Inbound: Sendable, Hashable {
    public var peer: PeerID
    /// Who the peer is by its key; nil where no keys are in use, which is so on loopback only.
    public var principal: Principal?
    /// One that its sender has a right to send.
    public var message: MessageToCoordinator
    public var receivedAt: ContinuousClock.Instant

    /// Makes one.
    public init(
        peer: PeerID, principal: Principal? = nil, message: MessageToCoordinator,
        receivedAt: ContinuousClock.Instant
    ) {
        self.peer = peer
        self.principal = principal
        self.message = message
        self.receivedAt = receivedAt
    }
}

/// The coordinator's side of the network: a thread with the control and the data ROUTER socket, and with keys another
/// one that decides who may come in.
public final class RouterThread: Sendable {
    private let thread: SocketThread
    private let outbox: Outbox

    /// Binds both sockets and starts to receive. Throws `ZeroMQError` where an endpoint cannot be bound, `InputError`
    /// where keys are not what they should be or would keep nobody out.
    ///
    /// `deliver` and `report` run on the transport's threads and must not block; a `Mailbox` is a good place to deliver
    /// to. What is no message, and what its sender's key gives no right to, is reported, counted and dropped; the sender
    /// is told where it can be. So is a peer of another protocol version.
    public init(
        bind endpoints: Endpoints, keys: ServerKeys? = nil, options: SocketOptions = SocketOptions(),
        deliver: @escaping @Sendable (Inbound) -> Void, report: @escaping @Sendable (TransportProblem) -> Void
    ) throws {
        let outbox = try Outbox()
        let context = try Context(ioThreads: options.ioThreads)
        var options = options
        if let keys { options.curve = .server(keys.own) }
        let list = try keys.map { try AllowList(at: $0.allowed) }
        let (strangers, crowds) = (Tally(), Tally())
        let authenticator = try list.map { list in
            try Self.authenticator(list, context: context, strangers: strangers, report: report) { outbox.stop() }
        }
        let edge = RouterEdge(list: list, strangers: strangers, deliver: deliver, report: report) {
            outbox.post($0, to: $1)
        }
        let events = SocketThread.Events(
            received: { edge.received($1, from: $0) }, undeliverable: { report(.undeliverable($0, $1)) },
            connection: { channel, event, _ in edge.connection(event, on: channel) },
            crowded: { report(.crowded($0, connections: $1, count: crowds.next())) }, failed: { report(.failed($0)) },
            closed: {
                // Not before the sockets: none may listen when nobody decides who may come in.
                authenticator?.stop()
                context.end()
            })
        self.outbox = outbox
        thread = try SocketThread(
            name: "actdiff-router", side: .router, endpoints: endpoints, options: options, context: context,
            outbox: outbox, events: events)
    }

    /// Starts to decide who may come in, and shows that this keeps strangers out.
    private static func authenticator(
        _ list: AllowList, context: Context, strangers: Tally, report: @escaping @Sendable (TransportProblem) -> Void,
        stop: @escaping @Sendable () -> Void
    ) throws -> Authenticator {
        let stranger = try KeyPair.random()
        let authenticator = try Authenticator(
            list, context: context,
            events: Authenticator.Events(
                refused: { address, key in
                    if key != stranger.publicKey { report(.stranger(address: address, key, count: strangers.next())) }
                },
                listRefused: { report(.allowListRefused($0)) },
                failed: {
                    // Without it everybody would be let in.
                    stop()
                    report(.failed($0))
                }))
        do {
            try SelfTest.run(stranger: stranger, context: context)
        } catch {
            authenticator.stop()
            throw error
        }
        return authenticator
    }

    /// The endpoints as bound, with real ports.
    public var endpoints: Endpoints { thread.endpoints }

    /// Sends a message; returns its bytes. Never blocks; a peer that cannot be reached is reported later.
    ///
    /// Throws `ByteError` where the message is past one of `WireLimits`, or not one for the peer's channel.
    @discardableResult
    public func send(_ message: MessageFromCoordinator, to peer: PeerID) throws -> Int {
        guard message.channel == peer.channel else {
            throw ByteError("message", expected: "one for the \(peer.channel) socket", found: "\(message.channel)")
        }
        let bytes = try message.encoded()
        outbox.post(bytes, to: peer)
        return bytes.count
    }

    /// Sends what is posted as far as the peers take it, closes the sockets and ends the thread. Blocks until then, at
    /// most the options' linger time.
    public func stop() {
        thread.stop()
    }
}

/// Counts, from any thread.
final class Tally: Sendable {
    private let count = Atomic(0)

    /// Counts one more; the new number.
    func next() -> Int { count.add(1, ordering: .relaxed).newValue }
}
