import NIOCore
import NIOHTTP1
import NIOPosix

/// The status pages of a daemon over HTTP: `/healthz`, `/metrics` and JSON below `/api/v1/`.
///
/// On a thread of its own, so that it needs no event loop from the program around it. It only reads (GET and HEAD),
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
        var patience = TimeAmount.seconds(10)
    }

    /// Where it listens, with the real port.
    public let address: HTTPAddress
    /// One thread, so that everything about connections happens on one loop.
    private let group: MultiThreadedEventLoopGroup

    /// Binds and begins to serve.
    public convenience init(_ address: HTTPAddress, content: Content) throws(ListenError) {
        try self.init(address, content: content, limits: Limits())
    }

    init(_ address: HTTPAddress, content: Content, limits: Limits) throws(ListenError) {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let routes = StatusRoutes(content: content, isLoopback: address.isLoopback)
        do {
            let name = try SocketAddress(ipAddress: address.host, port: Int(address.port))
            let channel = try Self.bootstrap(group, routes, limits).bind(to: name).wait()
            guard let port = channel.localAddress?.port.flatMap(UInt16.init(exactly:)) else {
                throw ChannelError.unknownLocalAddress
            }
            self.address = address.with(port: port)
        } catch {
            group.shutdownGracefully { _ in }
            throw ListenError(address, error)
        }
    }

    deinit {
        group.shutdownGracefully { _ in }
    }

    /// Closes the port and all connections, and waits for the thread. May be called again.
    public func stop() {
        // What it can throw are errors of channels that it closes.
        try? group.syncShutdownGracefully()
    }

    private static func bootstrap(_ group: MultiThreadedEventLoopGroup, _ routes: StatusRoutes, _ limits: Limits)
        -> ServerBootstrap
    {
        let clients = NIOLoopBoundBox<[any Channel]>.makeBoxSendingValue([], eventLoop: group.next())
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 64)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if clients.value.count >= limits.connections { clients.value.removeFirst().close(promise: nil) }
                    clients.value.append(channel)
                    channel.closeFuture.whenComplete { _ in clients.value.removeAll { $0 === channel } }
                    try StatusConnection.configure(channel, routes: routes, patience: limits.patience)
                }
            }
    }
}

/// Why nobody can be served at an address.
public struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address.
    public var place: String
    public var expected: String
    public var found: String

    public var description: String { "\(place): expected \(expected), found \(found)" }

    init(_ address: HTTPAddress, _ error: any Error) {
        place = "http: \(address)"
        expected = "an address and port of this machine that are free"
        found = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    }
}
