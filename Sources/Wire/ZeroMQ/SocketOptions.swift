import CZeroMQ

/// How connections behave. The defaults suit a cluster.
///
/// ZMTP heartbeats stay off: under back-pressure libzmq 4.3.4 takes a healthy connection for a dead one and drops it
/// with its queue. Whether a peer lives is told by its renewals.
public struct SocketOptions: Sendable, Hashable {
    /// Threads that move bytes; one is enough for about 2 GB/s without encryption.
    public var ioThreads: Int32 = 1
    /// How long a closing socket may go on sending, in milliseconds.
    public var lingerMilliseconds: Int32 = 1000
    /// Messages that may wait in libzmq for one peer. Credit keeps queues short; this only ends what credit missed.
    public var highWaterMark: Int32 = 1000
    /// How long a ZMTP handshake may take, in milliseconds.
    public var handshakeMilliseconds: Int32 = 10_000
    /// How long one connection attempt may take, in milliseconds.
    public var connectMilliseconds: Int32 = 30_000
    /// First and longest pause between connection attempts, in milliseconds.
    public var reconnectMilliseconds: ClosedRange<Int32> = 100...2000
    /// Connections of each socket that listens, at most; nil for what the descriptors of the process allow.
    public var mostConnections: Int?
    /// Connections that may wait to be accepted.
    var backlog: Int32 = 1024

    /// The keys of the connections.
    var curve = Curve.none

    /// Encryption and authentication with CURVE.
    enum Curve: Sendable, Hashable {
        case none
        /// The secret key of the side that listens; who may come in is decided elsewhere (ZAP).
        case server(SecretKey)
        case client(ClientKeys)

        /// The ZAP domain: what libzmq names when it asks whether a key may come in.
        static let domain = "actdiff"

        /// libzmq's options with their values.
        var texts: [(option: Int32, value: String)] {
            switch self {
            case .none: []
            case .server(let secret): [(ZMQ_CURVE_SECRETKEY, secret.text), (ZMQ_ZAP_DOMAIN, Self.domain)]
            case .client(let keys):
                [
                    (ZMQ_CURVE_SERVERKEY, keys.server.text), (ZMQ_CURVE_PUBLICKEY, keys.own.publicKey.text),
                    (ZMQ_CURVE_SECRETKEY, keys.own.secret.text),
                ]
            }
        }
    }

    /// The defaults.
    public init() {}

    private var isCurveServer: Bool { if case .server = curve { true } else { false } }

    /// libzmq's options with their values.
    var values: [(option: Int32, value: Int32)] {
        [
            (ZMQ_LINGER, lingerMilliseconds),
            (ZMQ_SNDHWM, highWaterMark),
            (ZMQ_RCVHWM, highWaterMark),
            (ZMQ_HANDSHAKE_IVL, handshakeMilliseconds),
            (ZMQ_CONNECT_TIMEOUT, connectMilliseconds),
            (ZMQ_RECONNECT_IVL, reconnectMilliseconds.lowerBound),
            (ZMQ_RECONNECT_IVL_MAX, reconnectMilliseconds.upperBound),
            (ZMQ_BACKLOG, backlog),
            (ZMQ_IPV6, 1),
            // Nothing is queued for a connection that is not there.
            (ZMQ_IMMEDIATE, 1),
            // Finds a peer whose machine went away while neither side was sending.
            (ZMQ_TCP_KEEPALIVE, 1),
            (ZMQ_TCP_KEEPALIVE_IDLE, 60),
            (ZMQ_TCP_KEEPALIVE_INTVL, 10),
            (ZMQ_TCP_KEEPALIVE_CNT, 6),
            (ZMQ_CURVE_SERVER, isCurveServer ? 1 : 0),
        ]
    }
}
