import Foundation
import Inputs
import Monitoring
import Wire

/// How a coordinator is set up; `configs/coordinator.yaml` explains every key.
public struct CoordinatorConfig: Sendable, Hashable {
    /// Where workers and operators connect by default.
    public static let defaultEndpoints = Endpoints(control: "tcp://127.0.0.1:5611", data: "tcp://127.0.0.1:5612")

    public var endpoints = CoordinatorConfig.defaultEndpoints
    /// The folder where it keeps everything.
    public var state: String
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
    public var stallSeconds = 1800.0
    /// How long a job that is otherwise done waits for a second worker to verify a shard.
    public var verifySeconds = 120.0
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
        try document.refuseKeys(outside: ["control", "data", "state", "lease_seconds", "stall_seconds", "http", "drain_signal"])
        try self.init(state: document.required("state").string())
        if let control = try document.optional("control") { endpoints.control = try Self.loopback(control) }
        if let data = try document.optional("data") { endpoints.data = try Self.loopback(data) }
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
            http = try Self.http(text.string()) { text.error(expected: $0) }
        }
        if let signal = try document.optional("drain_signal") { drainSignal = try DrainSignal(signal) }
        try check(place: document.place)
    }

    /// Reads an address for the status pages, or `off`.
    public static func http(_ text: String, error: (String) -> any Error) throws -> HTTPAddress? {
        if text == "off" { return nil }
        guard let address = HTTPAddress(text) else { throw error("\(HTTPAddress.form), or off") }
        return address
    }

    /// Refuses endpoints that other machines could reach, wherever they were given. Throws `InputError`.
    public func check(place: String) throws {
        for endpoint in [endpoints.control, endpoints.data] where !Self.isLoopback(endpoint) {
            throw Self.refusal(place, endpoint)
        }
    }

    private static func loopback(_ document: Document) throws -> String {
        let endpoint = try document.string()
        guard isLoopback(endpoint) else { throw refusal(document.place, endpoint) }
        return endpoint
    }

    private static func refusal(_ place: String, _ endpoint: String) -> InputError {
        InputError(
            place, expected: "a loopback endpoint such as tcp://127.0.0.1:5611", found: endpoint,
            hint: "without keys anybody who reaches the port could give orders; use an SSH tunnel to reach it from "
                + "another machine",
            kind: .configuration)
    }

    /// Whether only this machine can reach the endpoint: `tcp://` on 127.0.0.0/8, ::1 or localhost, with a port or `*`.
    static func isLoopback(_ endpoint: String) -> Bool {
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return false }
        let host = endpoint[..<colon].dropFirst("tcp://".count)
        let port = endpoint[endpoint.index(after: colon)...]
        guard port == "*" || UInt16(port) != nil else { return false }
        if host == "localhost" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
