import Inputs
/// Turns what peers send into messages; counts and reports what is not a message.
final class MessageReader: Sendable {
    private let malformed = Tally()
    private let report: @Sendable (TransportProblem) -> Void

    init(report: @escaping @Sendable (TransportProblem) -> Void) {
        self.report = report
    }

    /// The message of a peer, nil where it is malformed or came on the wrong socket.
    func read<Message: WireMessage>(_ message: Socket.Message, from peer: PeerID, as type: Message.Type) -> Message? {
        do {
            guard message.count == 1, let bytes = message.frames.first else {
                throw ByteError("message", expected: "one frame", found: "\(message.count)")
            }
            let message = try Message(decoding: bytes)
            guard message.channel == peer.channel else {
                throw ByteError("message", expected: "one for the \(peer.channel) socket", found: "\(message.channel)")
            }
            return message
        } catch {
            let error = error as? ByteError ?? ByteError("message", expected: "a message", found: "\(error)")
            report(.malformed(peer, error, count: malformed.next()))
            return nil
        }
    }
}
