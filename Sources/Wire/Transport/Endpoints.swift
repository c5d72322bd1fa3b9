import Inputs

/// Where a coordinator listens, such as `tcp://127.0.0.1:5555`; `*` as the port lets the system choose one.
public struct Endpoints: Sendable, Hashable {
    public var control: String
    public var data: String

    /// Makes a pair.
    public init(control: String, data: String) {
        self.control = control
        self.data = data
    }

    /// A control endpoint with the data endpoint that belongs to it unless told otherwise: the same address, the next
    /// port. Of what is no endpoint with a next port both are the same, which `check` or the socket refuses.
    public init(control: String) {
        let parts = control.split(separator: ":", omittingEmptySubsequences: false)
        let next = parts.last.flatMap { UInt16($0) }.flatMap { $0 < .max ? "\($0 + 1)" : nil }
        let data = next.map { (parts.dropLast() + [$0[...]]).joined(separator: ":") }
        self.init(control: control, data: data ?? control)
    }

    /// Throws `InputError` of kind `configuration` for what is no `tcp://ADDRESS:PORT`, and without keys for all but
    /// loopback: whoever reached the port could give orders. `place` says where they were set.
    public func check(hasKeys: Bool, place: String) throws {
        for endpoint in [control, data] { try Reachability.check(endpoint, hasKeys: hasKeys, place: place) }
        guard control != data || control.hasSuffix(":*") else {
            throw InputError(
                place, expected: "two endpoints, one for control and one for data", found: "\(control) for both",
                kind: .configuration)
        }
    }

    /// The endpoint of a channel.
    public subscript(channel: Channel) -> String {
        get { channel == .control ? control : data }
        set {
            switch channel {
            case .control: control = newValue
            case .data: data = newValue
            }
        }
    }
}

/// One connection to the coordinator. A peer that reconnects gets another id, and its two connections have two.
public struct PeerID: Sendable, Hashable, CustomStringConvertible {
    public let channel: Channel
    /// Chosen by the coordinator's socket; empty for the coordinator itself, as its peers see it.
    public let routingID: [UInt8]

    /// Makes an identifier.
    public init(channel: Channel, routingID: [UInt8]) {
        self.channel = channel
        self.routingID = routingID
    }

    /// The peer's name in logs, such as `control:00a1b2c3d4`.
    public var description: String {
        let digits = routingID.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "\(channel):" + (digits.isEmpty ? "coordinator" : digits)
    }
}
