import Synchronization

/// Turns what becomes of a client's connections into problems, and counts them.
final class ConnectionReports: Sendable {
    private let failures = Tally()
    private let ends = Tally()
    /// Sockets whose connection is there.
    private let ready = Mutex<Set<Channel>>([])

    /// What there is to report; nil where all is well or it is told of otherwise.
    func problem(_ event: ConnectionEvent, on channel: Channel) -> TransportProblem? {
        switch event {
        case .accepted, .retrying: return nil
        case .ready:
            ready.withLock { _ = $0.insert(channel) }
            return nil
        case .handshakeFailed(let failure):
            ready.withLock { _ = $0.remove(channel) }
            // One whose key is not allowed is not admitted, which is told of.
            return failure == .unknownKey ? nil : .handshakeFailed(channel, failure, count: failures.next())
        case .ended:
            // One that never came about has been told of.
            return ready.withLock { $0.remove(channel) } == nil ? nil : .disconnected(channel, count: ends.next())
        }
    }
}
