import Glibc

/// Where the status pages are served: an IP address of this machine and a port.
public struct HTTPAddress: Sendable, Hashable, CustomStringConvertible {
    /// What `init(_:)` accepts, for error messages.
    public static let form = "an address and port such as 127.0.0.1:5613 or [::1]:5613"
    /// Loopback, the port next to the coordinator's own.
    public static let standard = HTTPAddress(host: "127.0.0.1", family: AF_INET, port: 5613)

    /// Without brackets.
    let host: String
    let family: Int32
    /// 0 has the system choose one.
    public let port: UInt16

    init(host: String, family: Int32, port: UInt16) {
        self.host = host
        self.family = family
        self.port = port
    }

    /// Reads `127.0.0.1:5613`, `[::1]:5613` or `localhost:5613` (which is 127.0.0.1); nil for anything else. Names are
    /// not looked up: which of a machine's addresses strangers may reach should be in the file.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(digits)
        else { return nil }
        let host = text[..<colon]
        if host == "localhost" {
            self.init(host: "127.0.0.1", family: AF_INET, port: port)
        } else if host.hasPrefix("["), host.hasSuffix("]") {
            let inner = String(host.dropFirst().dropLast())
            var parsed = in6_addr()
            guard inet_pton(AF_INET6, inner, &parsed) == 1 else { return nil }
            self.init(host: inner, family: AF_INET6, port: port)
        } else {
            var parsed = in_addr()
            guard inet_pton(AF_INET, String(host), &parsed) == 1 else { return nil }
            self.init(host: String(host), family: AF_INET, port: port)
        }
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { Self.isLoopback(host) }

    /// The form that `init(_:)` reads.
    public var description: String { family == AF_INET6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The same address with another port.
    func with(port: UInt16) -> HTTPAddress { HTTPAddress(host: host, family: family, port: port) }

    /// Whether a host is 127.0.0.0/8 or ::1, without brackets.
    private static func isLoopback(_ host: String) -> Bool {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return UInt32(bigEndian: four.s_addr) >> 24 == 127 }
        var six = in6_addr()
        guard inet_pton(AF_INET6, host, &six) == 1 else { return false }
        return withUnsafeBytes(of: six) { $0.dropLast().allSatisfy { $0 == 0 } && $0.last == 1 }
    }

    /// Whether a Host header, with or without a port, names this machine and no other.
    static func namesLoopback(_ header: String) -> Bool {
        var host = Substring(header)
        if host.hasPrefix("[") {
            guard let end = host.firstIndex(of: "]") else { return false }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.lastIndex(of: ":") {
            host = host[..<colon]
        }
        return host.lowercased() == "localhost" || isLoopback(String(host))
    }
}
