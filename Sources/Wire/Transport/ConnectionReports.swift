import Synchronization

/// Turns what becomes of a client's connections into problems, and counts them.
final class ConnectionReports: Sendable {
    private let failures = Tally()
    private let ends = Tally()
    /// Sockets whose connection is there.
    private let ready = Mutex<Set<Channel>>([])

    /// What there is to report; nil if all is well, or if something else reports it.
    func problem(_ event: ConnectionEvent, on channel: Channel) -> TransportProblem? {
        switch event {
        case .accepted, .listening, .retrying: return nil
        case .ready:
            ready.withLock { _ = $0.insert(channel) }
            return nil
        case .handshakeFailed(let failure):
            ready.withLock { _ = $0.remove(channel) }
            // A client whose key is not allowed is reported as not admitted.
            return failure == .unknownKey ? nil : .handshakeFailed(channel, failure, count: failures.next())
        case .ended:
            // A connection that never came about has been reported already.
            return ready.withLock { $0.remove(channel) } == nil ? nil : .disconnected(channel, count: ends.next())
        }
    }
}
