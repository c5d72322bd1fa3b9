import Dispatch
import Foundation
import Logging

/// The status pages of a daemon over HTTP: `/healthz`, `/metrics` and JSON below `/api/v1/`.
///
/// On a thread of its own, so that it needs no event loop from the program around it. It only reads (GET and HEAD),
/// knows nothing of what it shows, and asks for no credentials: whoever reaches the address may read the pages.
///
/// It is our own because what a port that anybody may connect to needs first are bounds (bytes of a request, number of
/// connections, time), and the HTTP server among the packages for Swift that do without a framework, FlyingFox, has
/// none of the three.
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

    /// Where it listens, with the real port.
    public let address: HTTPAddress
    private let wakeUp: WakeDescriptor
    private let ended = DispatchGroup()

    /// Binds and begins to serve.
    public convenience init(_ address: HTTPAddress, content: Content, logger: Logger) throws(ListenError) {
        try self.init(address, content: content, limits: ServerLoop.Limits(), logger: logger)
    }

    init(_ address: HTTPAddress, content: Content, limits: ServerLoop.Limits, logger: Logger) throws(ListenError) {
        let listener = try ListeningSocket(address)
        let wakeUp = try WakeDescriptor(for: address)
        self.address = listener.address
        self.wakeUp = wakeUp
        let routes = StatusRoutes(content: content, isLoopback: address.isLoopback)
        let thread = Thread { [ended] in
            ServerLoop(listener: listener, wakeUp: wakeUp, routes: routes, limits: limits, logger: logger).run()
            ended.leave()
        }
        thread.name = "actdiff-http"
        ended.enter()
        thread.start()
    }

    deinit {
        wakeUp.signal()
    }

    /// Closes the port and all connections, and waits for the thread. May be called again.
    public func stop() {
        wakeUp.signal()
        ended.wait()
    }
}
