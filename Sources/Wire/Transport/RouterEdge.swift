import Inputs
import Synchronization

/// Turns what peers send into messages that they have a right to send, or into problems. Runs on the router's thread.
final class RouterEdge: Sendable {
    private let list: AllowList?
    private let deliver: @Sendable (Inbound) -> Void
    private let report: @Sendable (TransportProblem) -> Void
    private let answer: @Sendable ([UInt8], PeerID) -> Void
    private let reader: MessageReader
    private let forbidden = Tally()
    private let strangers: Tally
    private let ends = Tally()
    private let watches = Mutex<[Channel: ClientWatch]>([:])

    /// `list` is that of the allowed keys, nil where none are in use; `strangers` counts those who were not let in.
    init(
        list: AllowList?, strangers: Tally, deliver: @escaping @Sendable (Inbound) -> Void,
        report: @escaping @Sendable (TransportProblem) -> Void,
        answer: @escaping @Sendable ([UInt8], PeerID) -> Void
    ) {
        self.list = list
        self.strangers = strangers
        self.deliver = deliver
        self.report = report
        self.answer = answer
        reader = MessageReader(report: report)
    }

    /// Takes what came from a peer.
    func received(_ raw: Socket.Message, from peer: PeerID) {
        let receivedAt = ContinuousClock.now
        watches.withLock { $0[peer.channel, default: ClientWatch()].heard(raw.descriptor) }
        guard let message = reader.read(raw, from: peer, as: MessageToCoordinator.self) else {
            if let refusal = Self.refusal(of: raw, from: peer) { answer(refusal, peer) }
            return
        }
        var principal: Principal?
        if let list {
            // Asked for each message: a key that was taken off the list has no rights from then on.
            principal = raw.userID.flatMap { PublicKey($0) }.flatMap { list.principal(of: $0) }
            guard let principal, principal.role == message.role else {
                return forbid(message, from: peer, principal, key: raw.userID)
            }
        }
        deliver(Inbound(peer: peer, principal: principal, message: message, receivedAt: receivedAt))
    }

    private func forbid(_ message: MessageToCoordinator, from peer: PeerID, _ principal: Principal?, key: String?) {
        let sender = principal.map { TransportProblem.Sender.known($0) } ?? .removed(key: key ?? "")
        report(.forbidden(peer, sender, what: message.name, count: forbidden.next()))
        let error = InputError(
            "the coordinator", expected: "\(message.role.owner) key for this (\(message.name))",
            found: principal.map { "that of the \($0.role.rawValue) '\($0.name)'" }
                ?? "one that is not allowed any more",
            kind: .authentication)
        // The data socket has no message for a refusal.
        guard peer.channel == .control else { return }
        let refusal: MessageFromCoordinator =
            if case .request(let id, _) = message { .reply(id: id, .failure(error)) } else { .refused(error) }
        if let bytes = try? refusal.encoded() { answer(bytes, peer) }
    }

    /// Takes what became of a connection.
    func connection(_ event: ConnectionEvent, on channel: Channel) {
        switch watches.withLock({ $0[channel, default: ClientWatch()].note(event) }) {
        case .ofStranger(let address) where list != nil:
            report(.stranger(address: address, nil, count: strangers.next()))
        case .ofClient, .ofStranger: report(.disconnected(channel, count: ends.next()))
        case .told, nil: break
        }
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
        // That version allowed no bytes after the fields of a refusal.
        let isWithoutChecksum = version == MessageHeader.versionWithoutChecksum
        return isWithoutChecksum ? refusal?.dropLast(MessageHeader.checksumBytes) : refusal
    }
}
