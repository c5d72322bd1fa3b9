import Foundation
import Inputs
import Monitoring
import Wire

/// How a coordinator is set up; `configs/coordinator.yaml` explains every key.
public struct CoordinatorConfig: Sendable, Hashable {
    /// Where workers and operators connect by default.
    public static let defaultEndpoints = Endpoints(control: "tcp://127.0.0.1:5611")

    public var endpoints = CoordinatorConfig.defaultEndpoints
    /// The folder where it keeps everything.
    public var state: String
    /// The file of its secret key, and that of the list of keys that it allows, where they are named.
    public var keyFile: String?
    public var allowedFile: String?
    /// The keys themselves; without them it listens on loopback only, to everybody there.
    public var keys: ServerKeys?
    /// The folders below which everything that a job names must be; empty for anywhere.
    public var modelRoots: [String] = []
    /// How long a lease lives without renewal, and a worker without a word.
    public var leaseSeconds = 60.0
    /// How long after a restart shards are kept for workers that may still hold them; as long as a lease unless told
    /// otherwise.
    public var graceSeconds: Double?
    /// Where status pages and metrics are shown; nil for nowhere.
    public var http: HTTPAddress?
    /// The signal besides SIGTERM and SIGINT that asks the coordinator to drain.
    public var drainSignal = DrainSignal.usr2
    /// How long a worker's computation may stand still before the worker is dismissed.
    public var stallSeconds = Scheduler.Policy.defaultStallSeconds
    /// How long a job that is otherwise done waits for a second worker to verify a shard.
    public var verifySeconds = 120.0
    /// Whether results of another build of actdiff, which cannot be used, may be thrown away at the start.
    public var dropsForeignResults = false
    /// How long jobs are kept after their end; nil for ever.
    public var keep: Age?
    /// Bytes of results that one worker may have under way.
    var creditBytes = 4 << 20
    /// Bytes of results that all workers together may have under way.
    var resultBytes = 512 << 20

    /// The defaults on a state folder.
    public init(state: String) {
        self.state = state
    }

    /// Reads a configuration file. Throws `InputError` with file, line and key.
    public init(_ document: Document) throws {
        try document.refuseKeys(outside: [
            "control", "data", "key", "allowed", "model_roots", "state", "lease_seconds", "stall_seconds", "http",
            "drain_signal", "keep",
        ])
        try self.init(state: document.required("state").string())
        if let control = try document.optional("control") { endpoints = Endpoints(control: try control.string()) }
        if let data = try document.optional("data") { endpoints.data = try data.string() }
        keyFile = try document.optional("key")?.string()
        allowedFile = try document.optional("allowed")?.string()
        if let roots = try document.optional("model_roots") {
            modelRoots = try roots.list().map { try $0.string() }
            guard !modelRoots.isEmpty else { throw roots.error(expected: "at least one folder, or no such key") }
        }
        if let seconds = try document.optional("lease_seconds") {
            leaseSeconds = try seconds.number()
            guard (1...86_400).contains(leaseSeconds) else {
                throw seconds.error(expected: "1 to 86400 seconds")
            }
        }
        if let seconds = try document.optional("stall_seconds") {
            stallSeconds = try seconds.number()
            guard (1...604_800).contains(stallSeconds) else {
                throw seconds.error(expected: "1 to 604800 seconds")
            }
        }
        http = .standard
        if let text = try document.optional("http") {
            // YAML takes off without quotation marks for false.
            let isOff = (try? text.bool()) == false
            http = isOff ? nil : try Self.http(text.string()) { text.error(expected: $0) }
        }
        if let text = try document.optional("keep") {
            keep = try Self.keep(text.string()) { text.error(expected: $0) }
        }
        if let signal = try document.optional("drain_signal") { drainSignal = try DrainSignal(signal) }
    }

    /// Reads an age, or `forever`.
    public static func keep(_ text: String, error: (String) -> any Error) throws -> Age? {
        if text == "forever" { return nil }
        guard let age = Age(text) else { throw error("\(Age.form), or forever") }
        return age
    }

    /// Reads an address for the status pages, or `off`.
    public static func http(_ text: String, error: (String) -> any Error) throws -> HTTPAddress? {
        if text == "off" { return nil }
        guard let address = HTTPAddress(text) else { throw error("\(HTTPAddress.form), or off") }
        return address
    }

    /// Refuses endpoints that other machines could reach, wherever they were given, unless there are keys. Throws
    /// `InputError`.
    public func check(place: String) throws {
        try endpoints.check(hasKeys: keys != nil, place: place)
    }
}
