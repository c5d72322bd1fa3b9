import NIOCore
import NIOHTTP1

/// One client: its request comes in, its answer goes out, and the connection ends, whatever else it says.
///
/// Every connection carries one request: the pages are few and their readers slow.
final class StatusConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case reading
        case sending
        /// The answer is out. What the client still sends is read and dropped, as closing on unread bytes resets the
        /// connection and the answer may be lost with it.
        case lingering
    }

    /// Bytes of a refused body that are dropped politely.
    private static let mostLingeringBytes = 64 * 1024

    private let routes: StatusRoutes
    private let patience: TimeAmount
    private var state = State.reading
    private var dropped = 0
    private var isInputOver = false
    private var deadline: Scheduled<Void>?

    private init(routes: StatusRoutes, patience: TimeAmount) {
        self.routes = routes
        self.patience = patience
    }

    /// Has a connection carry HTTP/1.1 in bounds: a field of 4 KiB, 8 KiB and 64 fields in all.
    static func configure(_ channel: any Channel, routes: StatusRoutes, patience: TimeAmount) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 4096
        limits.maxHeaderListSize = 8192
        limits.maxHeaderFieldCount = 64
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(
            withPipeliningAssistance: false, withErrorHandling: false, withEncoderConfiguration: .init(),
            withDecoderLimitConfiguration: limits)
        try pipeline.addHandler(StatusConnection(routes: routes, patience: patience))
    }

    func channelActive(context: ChannelHandlerContext) {
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { context.close(promise: nil) }
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        deadline?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            if case .reading = state { send(routes.answer(head), withBody: head.method != .HEAD, context) }
        case .body(let bytes):
            dropped += bytes.readableBytes
            if dropped > Self.mostLingeringBytes { context.close(promise: nil) }
        case .end: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed = event else { return context.fireUserInboundEventTriggered(event) }
        isInputOver = true
        if case .sending = state { return }
        context.close(promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .reading = state, let error = error as? HTTPParserError {
            // The decoder closes the connection when this returns.
            send(StatusResponse(StatusProblem(error)), withBody: true, context)
        } else {
            context.close(promise: nil)
        }
    }

    private func send(_ response: StatusResponse, withBody: Bool, _ context: ChannelHandlerContext) {
        state = .sending
        context.write(wrapOutboundOut(.head(response.head)), promise: nil)
        if withBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        context.writeAndFlush(wrapOutboundOut(.end(nil))).assumeIsolated().whenComplete { _ in
            self.state = .lingering
            context.close(mode: self.isInputOver ? .all : .output, promise: nil)
        }
    }
}

extension StatusProblem {
    /// What could not be read as a request.
    fileprivate init(_ error: HTTPParserError) {
        let (status, expected): (HTTPStatus, String) =
            switch error {
            case .headerOverflow: (.headTooLarge, "at most 4096 bytes in a line, 8192 bytes and 64 fields")
            case .invalidVersion: (.versionNotSupported, "HTTP/1.1")
            default: (.badRequest, "an HTTP/1.1 request")
            }
        self.init(status, "the request", expected: expected, found: "\(error)")
    }
}
