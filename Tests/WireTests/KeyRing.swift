import Foundation
import Inputs
import TestSupport
import Testing
@testable import Wire

/// A folder with the keys of a coordinator, workers and operators, and the list of those that it allows.
final class KeyRing {
    private let place: TemporaryFolder
    var folder: String { place.path }
    let coordinator: KeyPair
    let worker: KeyPair
    let `operator`: KeyPair
    var allowed: String { folder + "/allowed.keys" }

    init() throws {
        place = try TemporaryFolder()
        (coordinator, worker, `operator`) = (try .random(), try .random(), try .random())
        try allow([(.worker, "w", worker), (.operator, "o", `operator`)])
    }

    /// Writes the list anew.
    func allow(_ keys: [(role: KeyRole, name: String, pair: KeyPair)]) throws {
        try write(
            keys.map { KeyFiles.publicLine(of: $0.pair.publicKey, role: $0.role, name: $0.name) }.joined(),
            to: "allowed.keys")
    }

    @discardableResult func write(_ text: String, to name: String) throws -> String {
        try place.write(name, text)
    }

    var server: ServerKeys { ServerKeys(own: coordinator.secret, allowed: allowed) }

    func client(_ pair: KeyPair) -> ClientKeys { ClientKeys(own: pair, server: coordinator.publicKey) }
}

/// A coordinator's router with keys, or without, and what it received.
struct GuardedRouter {
    let inbox: Mailbox<Inbound>
    let problems: Mailbox<TransportProblem>
    let router: RouterThread

    init(
        _ keys: ServerKeys?,
        endpoints: Endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*"),
        options: SocketOptions = SocketOptions()
    ) throws {
        let inbox = try Mailbox<Inbound>()
        let problems = try Mailbox<TransportProblem>()
        router = try RouterThread(
            bind: endpoints, keys: keys, options: options,
            deliver: { inbox.post($0) }, report: { problems.post($0) })
        self.inbox = inbox
        self.problems = problems
    }

    /// The next message; fails after 20 seconds.
    func message() throws -> Inbound {
        try #require(inbox.takeAll(waiting: .seconds(20)).first)
    }

    /// The next problems that are not the end of a connection, until there are `count`.
    func problems(_ count: Int) throws -> [TransportProblem] {
        var found: [TransportProblem] = []
        while found.count < count {
            let more = problems.takeAll(waiting: .seconds(20))
            try #require(!more.isEmpty, "only \(found)")
            found += more.filter { !$0.isRoutine }
        }
        return found
    }
}

/// A worker's dealer with what it heard.
struct GuardedWorker {
    enum Heard: Sendable, Equatable {
        case message(MessageFromCoordinator)
        case connected(Channel)
        case problem(TransportProblem)
    }

    let heard: Mailbox<Heard>
    let dealer: DealerThread

    init(_ endpoints: Endpoints, _ keys: ClientKeys?) throws {
        let heard = try Mailbox<Heard>()
        var options = SocketOptions()
        options.reconnectMilliseconds = 10...50
        dealer = try DealerThread(
            connect: endpoints, keys: keys, options: options, deliver: { message, _ in heard.post(.message(message)) },
            connected: { heard.post(.connected($0)) }, report: { heard.post(.problem($0)) })
        self.heard = heard
    }

    /// Takes until something comes for which `isIt` gives a value; fails after 20 seconds of silence.
    func wait<Value>(for isIt: (Heard) -> Value?) throws -> Value {
        while true {
            let more = heard.takeAll(waiting: .seconds(20))
            try #require(!more.isEmpty)
            if let value = more.lazy.compactMap(isIt).first { return value }
        }
    }

    /// The error with which the coordinator keeps it out.
    func notAdmitted() throws -> InputError {
        try wait { if case .problem(.notAdmitted(let error)) = $0 { error } else { nil } }
    }

    /// The error of a refusal that came as a message.
    func refused() throws -> InputError {
        try wait { if case .message(.refused(let error)) = $0 { error } else { nil } }
    }
}
