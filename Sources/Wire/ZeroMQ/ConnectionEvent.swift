import CZeroMQ

/// What became of one connection of a socket; libzmq itself makes them, loses them and makes them again unseen.
enum ConnectionEvent: Sendable, Hashable {
    /// The socket listens, on this file descriptor.
    case listening(Int32)
    /// Somebody connected, on this file descriptor.
    case accepted(Int32)
    /// A handshake succeeded: messages come and go.
    case ready
    /// A connection ended, also one whose handshake failed; its descriptor.
    case ended(Int32)
    /// libzmq will try again by itself.
    case retrying
    case handshakeFailed(HandshakeFailure)

    /// What there is to know about clients, for who listens.
    ///
    /// Protocol failures are left out. When libzmq 4.3.4 reports one, it loses the error number while it does so, takes
    /// the forged frame for a full queue, and never reads from that connection again instead of closing it.
    static let ofClients =
        ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
        | ZMQ_EVENT_DISCONNECTED

    /// What there is to know about the one connection of a client, which can itself close what libzmq does not.
    static let ofServer =
        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL
        | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CONNECT_RETRIED

    /// Reads a monitor's message: number (u16) and value (u32) in the machine's own order, then a frame with the
    /// endpoint. Nil for anything else.
    init?(_ message: Socket.Message) {
        guard let frame = message.frames.first, frame.count == 6 else { return nil }
        let number = frame.withUnsafeBytes { Int32($0.loadUnaligned(as: UInt16.self)) }
        let value = frame.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 2, as: Int32.self) }
        switch number {
        case ZMQ_EVENT_LISTENING: self = .listening(value)
        case ZMQ_EVENT_ACCEPTED: self = .accepted(value)
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED: self = .ready
        case ZMQ_EVENT_DISCONNECTED: self = .ended(value)
        case ZMQ_EVENT_CONNECT_RETRIED: self = .retrying
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH: self = .handshakeFailed(.unknownKey)
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL: self = .handshakeFailed(HandshakeFailure(protocolError: value))
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL: self = .handshakeFailed(.brokenOff)
        default: return nil
        }
    }
}

/// Why a connection did not come about.
public enum HandshakeFailure: Sendable, Hashable, CustomStringConvertible {
    /// The coordinator does not know the client's key.
    case unknownKey
    /// One side has keys, the other has none.
    case mechanism
    /// The client wants another coordinator: the server key that it has is not that of this one. Or bytes were forged.
    case cryptography
    /// What came is no handshake of ZeroMQ.
    case malformed
    /// The peer went away in the middle, or took too long.
    case brokenOff

    init(protocolError: Int32) {
        switch protocolError {
        case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH: self = .mechanism
        case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC: self = .cryptography
        default: self = .malformed
        }
    }

    public var description: String {
        switch self {
        case .unknownKey: "a key that is not allowed"
        case .mechanism: "keys on one side only"
        case .cryptography: "a wrong server key, or forged bytes"
        case .malformed: "bytes that are no handshake"
        case .brokenOff: "broken off"
        }
    }
}
