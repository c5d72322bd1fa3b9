import Inputs

/// What a client knows of its one connection: whether to connect anew, and whether the coordinator will ever let it in.
struct ClientConnection {
    /// How long after the end of a connection libzmq says that it tries again; it says so within milliseconds, or never.
    private static let patience = Duration.seconds(1)
    /// Failures in a row after which it is tried less often: libzmq's own pauses get longer only while nobody listens.
    private static let manyFailures = 5
    private static let pause = Duration.seconds(2)

    let endpoint: String
    let keys: ClientKeys?
    /// When to connect anew. libzmq gives up a connection for good if bytes came over it that are no frame, such as
    /// after an error of the network.
    private(set) var reconnectAt: ContinuousClock.Instant?
    private var isReady = false
    /// The last ones since the last success.
    private var failures: [HandshakeFailure] = []
    private var mustPause = false
    /// Whether it was given up for a while: libzmq does not try any more, whatever it still says.
    private var isPausing = false

    init(endpoint: String, keys: ClientKeys?) {
        self.endpoint = endpoint
        self.keys = keys
    }

    /// Takes what became of the connection.
    mutating func note(_ event: ConnectionEvent) {
        switch event {
        case .accepted, .listening: break
        case .ready:
            reconnectAt = nil
            isReady = true
            (mustPause, isPausing) = (false, false)
            failures = []
        case .retrying:
            if !mustPause, !isPausing { reconnectAt = nil }
        case .ended:
            isReady = false
            reconnectAt = .now + (mustPause ? Self.pause : Self.patience)
        case .handshakeFailed where isReady:
            // A forged or damaged frame: libzmq reads no more, but does not close the connection either.
            isReady = false
            reconnectAt = .now
        case .handshakeFailed(let failure):
            failures = failures.suffix(Self.manyFailures - 1) + [failure]
            mustPause = failures.count == Self.manyFailures
        }
    }

    /// Whether to give the connection up until it is time to connect anew; asked once.
    mutating func takePause() -> Bool {
        guard mustPause, reconnectAt != nil else { return false }
        mustPause = false
        isPausing = true
        return true
    }

    /// Whether to ask the server if it demands keys, because nothing else tells: if one side has keys and the other has
    /// none, both hang up, and the slower one never learns why.
    var isPuzzling: Bool { isFailing && failures.allSatisfy { $0 == .brokenOff } }

    /// Takes what the server says that it demands, in answer to that question.
    mutating func learn(mechanism: String) {
        guard isPuzzling, (mechanism == "CURVE" && keys == nil) || (mechanism == "NULL" && keys != nil) else { return }
        failures = failures.dropLast() + [.mechanism]
    }

    /// Whether it is time to connect anew; asked once.
    mutating func takeReconnect() -> Bool {
        guard let due = reconnectAt, ContinuousClock.now >= due else { return false }
        reconnectAt = nil
        isPausing = false
        return true
    }

    /// Why this client will never get in; nil while it may. Damage on the way looks like keys on one side only, but not
    /// again and again. A wrong server key looks like a proxy whose coordinator is not there.
    var refusal: InputError? {
        guard let last = failures.last else { return nil }
        if last == .unknownKey { return error(for: last) }
        return failures.count == Self.manyFailures && failures.contains(.mechanism) ? error(for: .mechanism) : nil
    }

    /// Whether all attempts fail.
    var isFailing: Bool { failures.count == Self.manyFailures }

    /// What failed connections mean to somebody who can do something about it; nil where none failed since the last
    /// success. `mechanism` is what the server says that it demands.
    func failure(mechanism: String?) -> InputError? {
        guard let last = failures.last else { return nil }
        let others = failures.last { $0 == .mechanism } ?? last
        switch (mechanism, keys) {
        case ("CURVE", nil), ("NULL", _?): return error(for: .mechanism)
        case ("CURVE", let keys?):
            return InputError(
                endpoint, expected: "the coordinator with the key \(keys.server.beginning)…",
                found: "one with another key", hint: "is the server key that of this coordinator?",
                kind: .authentication)
        default: return error(for: others)
        }
    }

    /// What a failure means.
    func error(for failure: HandshakeFailure) -> InputError {
        switch failure {
        case .unknownKey:
            return InputError(
                endpoint, expected: "a key that the coordinator allows",
                found: "one that it does not know (\(keys?.own.publicKey.beginning ?? "")…)",
                hint: "add the public line of this key to the coordinator's list of allowed keys",
                kind: .authentication)
        case .mechanism where keys == nil:
            return InputError(
                endpoint, expected: "a coordinator without keys", found: "one that demands keys",
                hint: "give --key and --server-key, or ACTDIFF_SECRET_KEY and ACTDIFF_SERVER_KEY",
                kind: .authentication)
        case .mechanism:
            return InputError(
                endpoint, expected: "a coordinator with keys", found: "one without",
                hint: "start the coordinator with --key and --allowed, or come without keys", kind: .authentication)
        case .cryptography, .malformed, .brokenOff:
            return InputError(
                endpoint, expected: "a coordinator that answers", found: "somebody who ends the handshake",
                hint: "is this the control endpoint of a coordinator, and is the coordinator running?",
                kind: .unreachable)
        }
    }
}
