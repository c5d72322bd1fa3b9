import Inputs

/// Shows, before anything listens, that a key that nobody allowed is kept out: a CURVE socket of libzmq without a
/// working authenticator lets everybody in, and says nothing.
enum SelfTest {
    private static let timeout = Duration.seconds(5)

    /// Connects with `stranger`, a throw-away key, to a socket like the real ones in the same context. Throws
    /// `InputError` of kind `configuration` unless it is refused for its key.
    static func run(stranger: KeyPair, context: Context) throws {
        let server = try KeyPair.random()
        var options = SocketOptions()
        options.lingerMilliseconds = 0
        options.curve = .server(server.secret)
        let door = try Socket(.router, in: context, options: options)
        let endpoint = try door.bind("tcp://127.0.0.1:*")
        options.curve = .client(ClientKeys(own: stranger, server: server.publicKey))
        let visitor = try Socket(.dealer, in: context, options: options, watchedFor: ConnectionEvent.ofServer)
        try visitor.connect(endpoint)
        var poller = Poller()
        _ = poller.addEvents(of: visitor)
        let deadline = ContinuousClock.now + timeout
        while try poller.wait(until: deadline) {
            switch try visitor.nextEvent() {
            case .handshakeFailed(.unknownKey): return
            case .ready: throw failure("it was let in")
            case .handshakeFailed(let other): throw failure("\(other)")
            case .listening, .accepted, .ended, .retrying, nil: continue
            }
        }
        throw failure("no answer within \(timeout)")
    }

    private static func failure(_ found: String) -> InputError {
        InputError(
            "self-test of the keys", expected: "a key that is not allowed to be refused", found: found,
            hint: "nothing is served: with this libzmq, strangers could not be kept out", kind: .configuration)
    }
}
