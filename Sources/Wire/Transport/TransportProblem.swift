import Glibc
import Inputs

/// Something that happened at the edge, and ended no more than a message or a connection. `count` is how many problems
/// of this kind there have been in this transport.
public enum TransportProblem: Sendable, Hashable, CustomStringConvertible {
    /// A peer sent what is not a message.
    case malformed(PeerID, ByteError, count: Int)
    /// A message could not be sent: the peer is gone, or does not read.
    case undeliverable(PeerID, ZeroMQError)
    /// A peer sent what its key gives no right to, or has a key that was taken off the list.
    case forbidden(PeerID, Sender, what: String, count: Int)
    /// Somebody was not let in: the key is not allowed. It is nil if there was none, if it does not fit this
    /// coordinator's, or if what came was no handshake or took too long.
    case stranger(address: String, PublicKey?, count: Int)
    /// A client's connection did not come about, or was broken by a forged or damaged frame.
    case handshakeFailed(Channel, HandshakeFailure, count: Int)
    /// A socket has as many connections as it may have: nobody else is let in until some end.
    case crowded(Channel, connections: Int, count: Int)
    /// A connection ended.
    case disconnected(Channel, count: Int)
    /// The coordinator does not let this process in, and will not later.
    case notAdmitted(InputError)
    /// The list of allowed keys was changed to something that is not a list; the old one stays in force.
    case allowListRefused(InputError)
    /// The transport's thread has ended by an error; nothing more comes or goes.
    case failed(ZeroMQError)

    /// Whose key a peer has.
    public enum Sender: Sendable, Hashable, CustomStringConvertible {
        case known(Principal)
        /// A key that is no longer on the list.
        case removed(key: String)

        public var description: String {
            switch self {
            case .known(let principal): "\(principal)"
            case .removed(let key): "the removed key \(key.prefix(8))…"
            }
        }
    }

    /// Whether it is nothing to worry about: connections end, such as an operator's after each command, and an answer may
    /// come to the end of one.
    public var isRoutine: Bool {
        switch self {
        case .disconnected: true
        case .undeliverable(_, let error): error.code == EHOSTUNREACH
        default: false
        }
    }

    /// What strangers can bring about as often as they like; nil for anything else.
    public var nuisance: Nuisance? {
        switch self {
        case .malformed: .malformed
        case .forbidden: .forbidden
        case .stranger: .stranger
        case .handshakeFailed: .handshakeFailed
        case .crowded: .crowded
        // A peer that asks and does not read.
        case .undeliverable where !isRoutine: .undeliverable
        case .undeliverable, .disconnected, .notAdmitted, .allowListRefused, .failed: nil
        }
    }

    /// Kinds of problems that strangers can bring about.
    public enum Nuisance: Sendable, Hashable {
        case malformed, forbidden, stranger, handshakeFailed, crowded, undeliverable
    }

    public var description: String {
        switch self {
        case .malformed(let peer, let error, let count): "\(peer) sent no message (number \(count)): \(error)"
        case .undeliverable(let peer, let error): "\(peer) is not to be reached: \(error)"
        case .forbidden(let peer, let sender, let what, let count):
            "refused \(what) of \(sender), \(peer) (number \(count))"
        case .stranger(let address, let key, let count):
            "refused a stranger at \(address) with \(key.map { "key \($0.beginning)…" } ?? "no key that fits, or none in time") (number \(count))"
        case .handshakeFailed(let channel, let failure, let count):
            "a connection to the \(channel) socket failed (number \(count)): \(failure)"
        case .crowded(let channel, let connections, let count):
            "the \(channel) socket has \(connections) connections, all that it may have: nobody else comes in until some end (number \(count))"
        case .disconnected(let channel, let count): "a connection to the \(channel) socket ended (number \(count))"
        case .notAdmitted(let error): "not admitted: \(error)"
        case .allowListRefused(let error): "the list of allowed keys stays as it was: \(error)"
        case .failed(let error): "the transport ended: \(error)"
        }
    }
}
