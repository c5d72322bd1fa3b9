import Inputs

/// What a client knows of its one connection: whether to connect anew, and whether the coordinator will ever let it in.
struct ClientConnection {
    /// How long after the end of a connection libzmq says that it tries again; it says so within milliseconds, or never.
    private static let patience = Duration.seconds(1)
    /// Failures in a row after which a first connection is given up: a damaged handshake is another matter than a wrong
    /// key, and both look alike.
    private static let mostFailures = 5

    let endpoint: String
    let keys: ClientKeys?
    /// When to connect anew: libzmq gives a connection up for good on which bytes came that are no frame, as by an error
    /// of the network.
    private(set) var reconnectAt: ContinuousClock.Instant?
    private(set) var wasReady = false
    /// The last ones since the last success.
    private(set) var failures: [HandshakeFailure] = []

    init(endpoint: String, keys: ClientKeys?) {
        self.endpoint = endpoint
        self.keys = keys
    }

    /// Takes what became of the connection.
    mutating func note(_ event: ConnectionEvent) {
        switch event {
        case .ready:
            reconnectAt = nil
            wasReady = true
            failures = []
        case .retrying: reconnectAt = nil
        case .ended: reconnectAt = .now + Self.patience
        case .handshakeFailed(let failure): failures = failures.suffix(Self.mostFailures - 1) + [failure]
        }
    }

    /// Whether it is time to connect anew; asked once.
    mutating func takeReconnect() -> Bool {
        guard let due = reconnectAt, ContinuousClock.now >= due else { return false }
        reconnectAt = nil
        return true
    }

    /// Why there is no hope for this client; nil while there is.
    var refusal: InputError? {
        guard let last = failures.last else { return nil }
        let isHopeless =
            switch last {
            case .unknownKey: true
            case .mechanism: failures.suffix(3) == [.mechanism, .mechanism, .mechanism]
            case .cryptography, .malformed, .brokenOff: !wasReady && keys != nil && failures.count >= Self.mostFailures
            }
        return isHopeless ? error(for: last) : nil
    }

    /// What a failure means to somebody who can do something about it.
    func error(for failure: HandshakeFailure) -> InputError {
        let (expected, found, hint) =
            switch failure {
            case .unknownKey:
                (
                    "a key that the coordinator allows",
                    "one that it does not know (\(keys?.own.publicKey.beginning ?? "")…)",
                    "add the public line of this key to the coordinator's list of allowed keys"
                )
            case .mechanism where keys == nil:
                (
                    "a coordinator without keys", "one that demands keys",
                    "give --key and --server-key, or key: and server_key: in the configuration"
                )
            case .mechanism:
                (
                    "a coordinator with keys", "one without",
                    "start the coordinator with --key and --allowed, or come without keys"
                )
            case .cryptography, .malformed, .brokenOff:
                (
                    "the coordinator with the key \(keys?.server.beginning ?? "")…", "one that ends the handshake",
                    "is the server key that of this coordinator, and does it use keys at all?"
                )
            }
        return InputError(endpoint, expected: expected, found: found, hint: hint, kind: .authentication)
    }
}
