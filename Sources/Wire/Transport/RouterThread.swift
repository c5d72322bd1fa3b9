import Inputs
import Synchronization

/// What a peer told the coordinator, and when.
public struct Inbound: Sendable, Hashable {
    public var peer: PeerID
    public var message: MessageToCoordinator
    public var receivedAt: ContinuousClock.Instant

    /// Makes one.
    public init(peer: PeerID, message: MessageToCoordinator, receivedAt: ContinuousClock.Instant) {
        self.peer = peer
        self.message = message
        self.receivedAt = receivedAt
    }
}

/// The coordinator's side of the network: a thread with the control and the data ROUTER socket.
public final class RouterThread: Sendable {
    private let thread: SocketThread
    private let outbox: Outbox

    /// Binds both sockets and starts to receive. Throws `ZeroMQError` where an endpoint cannot be bound.
    ///
    /// `deliver` and `report` run on the thread and must not block; a `Mailbox` is a good place to deliver to.
    /// What is no message is reported, counted and dropped; a peer of another protocol version is told so.
    public init(
        bind endpoints: Endpoints, options: SocketOptions = SocketOptions(),
        deliver: @escaping @Sendable (Inbound) -> Void, report: @escaping @Sendable (TransportProblem) -> Void
    ) throws(ZeroMQError) {
        let outbox = try Outbox()
        let reader = MessageReader(report: report)
        let events = SocketThread.Events(
            received: { peer, message in
                let receivedAt = ContinuousClock.now
                if let message = reader.read(message, from: peer, as: MessageToCoordinator.self) {
                    deliver(Inbound(peer: peer, message: message, receivedAt: receivedAt))
                } else if let refusal = Self.refusal(of: message, from: peer) {
                    outbox.post(refusal, to: peer)
                }
            },
            undeliverable: { report(.undeliverable($0, $1)) }, failed: { report(.failed($0)) })
        self.outbox = outbox
        thread = try SocketThread(
            name: "actdiff-router", role: .router, endpoints: endpoints, options: options, outbox: outbox,
            events: events)
    }

    /// The endpoints as bound, with real ports.
    public var endpoints: Endpoints { thread.endpoints }

    /// Sends a message. Never blocks; a peer that cannot be reached is reported later.
    ///
    /// Throws `WireError` where the message is past one of `WireLimits`, or not one for the peer's channel.
    public func send(_ message: MessageFromCoordinator, to peer: PeerID) throws {
        guard message.channel == peer.channel else {
            throw WireError("message", expected: "one for the \(peer.channel) socket", found: "\(message.channel)")
        }
        outbox.post(try message.encoded(), to: peer)
    }

    /// Sends what is posted as far as the peers take it, closes the sockets and ends the thread. Blocks until then, at
    /// most the options' linger time.
    public func stop() {
        thread.stop()
    }

    /// What to answer a message of another protocol version.
    private static func refusal(of message: Socket.Message, from peer: PeerID) -> [UInt8]? {
        guard peer.channel == .control, let first = message.frames.first,
            let version = MessageHeader.otherVersion(of: first)
        else { return nil }
        let error = InputError(
            "protocol version", expected: "\(WireFormat.protocolVersion), the coordinator's", found: "\(version)",
            hint: "run the same release of actdiff everywhere", kind: .configuration)
        let refusal = try? MessageFromCoordinator.refused(error).encoded()
        // It took nothing after the fields of a refusal.
        let isWithoutChecksum = version == MessageHeader.versionWithoutChecksum
        return isWithoutChecksum ? refusal?.dropLast(MessageHeader.checksumBytes) : refusal
    }
}
