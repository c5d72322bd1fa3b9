import Glibc
import Logging

/// The thread of the status pages: one poll over the listening socket and all clients.
///
/// Whoever connects can hold up nobody: there are few connections, the oldest gives way to a new one, each ends after
/// some seconds, and a request is read no further than `RequestHead.mostBytes`.
final class ServerLoop {
    struct Limits: Sendable {
        var connections = 32
        /// From connecting to the last byte of the answer.
        var patience = Duration.seconds(10)
    }

    /// How long nobody is accepted after the system refused to.
    private static let pauseAfterRefusal = Duration.seconds(1)

    private let listener: ListeningSocket
    private let wakeUp: WakeDescriptor
    private let routes: StatusRoutes
    private let limits: Limits
    private let logger: Logger
    /// Oldest first.
    private var connections: [ClientConnection] = []
    private var pausedUntil: ContinuousClock.Instant?

    init(listener: ListeningSocket, wakeUp: WakeDescriptor, routes: StatusRoutes, limits: Limits, logger: Logger) {
        self.listener = listener
        self.wakeUp = wakeUp
        self.routes = routes
        self.limits = limits
        self.logger = logger
    }

    /// Serves until woken up.
    func run() {
        while true {
            var items = [
                pollfd(fd: wakeUp.descriptor, events: Int16(POLLIN), revents: 0),
                // A negative descriptor is passed over.
                pollfd(fd: pausedUntil == nil ? listener.descriptor : -1, events: Int16(POLLIN), revents: 0),
            ]
            items += connections.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
            let count = poll(&items, nfds_t(items.count), timeout())
            if count > 0 {
                if items[0].revents != 0 { return }
                for (connection, item) in zip(connections, items.dropFirst(2)) where item.revents != 0 {
                    connection.advance(routes.answer)
                }
            }
            let now = ContinuousClock.now
            connections.removeAll { $0.isOver || $0.deadline <= now }
            if let until = pausedUntil, until <= now { pausedUntil = nil }
            if count > 0, items[1].revents != 0 { accept(at: now) }
        }
    }

    private func accept(at now: ContinuousClock.Instant) {
        do {
            while let descriptor = try listener.accept() {
                if connections.count == limits.connections { connections.removeFirst() }
                let connection = ClientConnection(descriptor, deadline: now + limits.patience)
                connections.append(connection)
                connection.advance(routes.answer)
            }
        } catch {
            // Out of descriptors, most likely; the socket stays readable, so without a pause this would spin.
            logger.warning("status pages: a connection could not be accepted: \(error.found)")
            pausedUntil = now + Self.pauseAfterRefusal
        }
    }

    /// Milliseconds until the next deadline, rounded up; -1 where there is none.
    private func timeout() -> Int32 {
        let next = (connections.map(\.deadline) + [pausedUntil].compactMap { $0 }).min()
        guard let next else { return -1 }
        let (seconds, attoseconds) = ContinuousClock.now.duration(to: next).components
        return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
    }
}
