import Glibc

/// All connections of a status server, on one thread that blocks on nothing but its poll.
struct StatusLoop {
    private static let bufferBytes = 16 << 10
    /// How long nobody is let in when the system has no room for another connection.
    private static let pause = Duration.milliseconds(100)

    private let listener: Listener
    private let stopping: Flag
    private let routes: StatusRoutes
    private let limits: StatusServer.Limits
    /// The oldest first, and so those whose time ends first.
    private var connections: [StatusConnection] = []
    private var pausedUntil: ContinuousClock.Instant?

    init(_ listener: Listener, _ routes: StatusRoutes, _ limits: StatusServer.Limits, stopping: Flag) {
        self.listener = listener
        self.routes = routes
        self.limits = limits
        self.stopping = stopping
    }

    /// Serves until the flag is raised; the address is free and nobody is connected when this returns.
    mutating func run() {
        withUnsafeTemporaryAllocation(byteCount: Self.bufferBytes, alignment: 16) { buffer in
            while turn(buffer) {}
        }
        connections = []
        listener.close()
    }

    /// One round of the loop; false where it is to end.
    private mutating func turn(_ buffer: UnsafeMutableRawBufferPointer) -> Bool {
        if let until = pausedUntil, until <= .now { pausedUntil = nil }
        // poll passes over a negative descriptor.
        let door = pollfd(
            fd: pausedUntil == nil ? listener.descriptor : -1, events: Int16(POLLIN), revents: 0)
        var items = [pollfd(fd: stopping.descriptor, events: Int16(POLLIN), revents: 0), door]
        items += connections.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
        let deadline = [connections.first?.deadline, pausedUntil].compactMap(\.self).min()
        poll(&items, nfds_t(items.count), deadline.map(Self.milliseconds(until:)) ?? -1)

        if items[0].revents != 0 { return false }
        for (item, connection) in zip(items.dropFirst(2), connections) where item.revents != 0 {
            connection.proceed(buffer)
        }
        let now = ContinuousClock.now
        connections.removeAll { $0.isOver || $0.deadline <= now }
        if items[1].revents != 0 { letIn() }
        return true
    }

    private mutating func letIn() {
        let descriptor = listener.accept()
        if descriptor < 0 {
            switch errno {
            case EMFILE, ENFILE, ENOBUFS, ENOMEM: pausedUntil = .now + Self.pause
            // The client has gone again.
            default: break
            }
            return
        }
        if connections.count >= limits.connections { connections.removeFirst() }
        connections.append(StatusConnection(descriptor, routes: routes, deadline: .now + limits.patience))
    }

    /// Until a moment, rounded up; 0 once it has passed.
    private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
        let left = ContinuousClock.now.duration(to: deadline) / .milliseconds(1)
        return Int32(min(max(0, left.rounded(.up)), 60_000))
    }
}
