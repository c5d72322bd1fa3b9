import Foundation

/// The status pages of a daemon over HTTP: `/healthz`, `/metrics` and JSON below `/api/v1/`.
///
/// On a thread of its own, so that it needs no event loop from the program around it. It only tells (GET and HEAD),
/// knows nothing of what it shows, and asks for no credentials: whoever reaches the address may read the pages.
public final class StatusServer: Sendable {
    /// What the pages show. The closures are called on the server's thread and should take milliseconds.
    public struct Content: Sendable {
        /// Of the loop that must not get stuck.
        public var heartbeat: Heartbeat
        /// The text of `/metrics`.
        public var metrics: @Sendable () -> String
        /// JSON of a page below `/api/v1/`, given the parts of its path; nil for a page that does not exist. Throws
        /// `StatusProblem` where it is to be had but not now, or not for this name.
        public var page: @Sendable (_ path: [String]) throws -> [UInt8]?

        /// Names the parts.
        public init(
            heartbeat: Heartbeat, metrics: @escaping @Sendable () -> String,
            page: @escaping @Sendable (_ path: [String]) throws -> [UInt8]?
        ) {
            self.heartbeat = heartbeat
            self.metrics = metrics
            self.page = page
        }
    }

    /// What whoever connects can take, at most.
    struct Limits: Sendable {
        /// The oldest gives way to one more.
        var connections = 32
        /// From connecting to the last byte of the answer.
        var patience = Duration.seconds(10)
    }

    /// Where it listens, with the real port.
    public let address: HTTPAddress
    private let stopping: Flag
    /// Raised when the port and all connections are closed.
    private let finished: Flag

    /// Binds and begins to serve.
    public convenience init(_ address: HTTPAddress, content: Content) throws(ListenError) {
        try self.init(address, content: content, limits: Limits())
    }

    init(_ address: HTTPAddress, content: Content, limits: Limits) throws(ListenError) {
        guard let stopping = Flag(), let finished = Flag() else { throw ListenError(address, code: errno) }
        let listener = try Listener(address)
        (self.address, self.stopping, self.finished) = (listener.address, stopping, finished)
        Self.start(listener, StatusRoutes(content: content, isLoopback: address.isLoopback), limits, stopping, finished)
    }

    deinit {
        stopping.raise()
    }

    /// Closes the port and all connections, and waits until that is done. May be called again, but not by a page.
    public func stop() {
        stopping.raise()
        finished.wait()
    }

    private static func start(
        _ listener: Listener, _ routes: StatusRoutes, _ limits: Limits, _ stopping: Flag, _ finished: Flag
    ) {
        let thread = Thread {
            var loop = StatusLoop(listener, routes, limits, stopping: stopping)
            loop.run()
            finished.raise()
        }
        thread.name = "status pages"
        thread.start()
    }
}
