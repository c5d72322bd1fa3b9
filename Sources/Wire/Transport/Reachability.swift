import Inputs

/// Which endpoints may be used without keys, and which may be used at all.
enum Reachability {
    /// Throws `InputError`: of `kind` for what is no `tcp://ADDRESS:PORT`, of kind `configuration` where other machines
    /// are involved and there are no keys.
    static func check(
        _ endpoint: String, hasKeys: Bool, place: String, kind: InputError.Kind = .configuration
    ) throws {
        guard let host = host(of: endpoint) else {
            throw InputError(
                place, expected: "an endpoint such as tcp://127.0.0.1:5611 or tcp://*:5611", found: "'\(endpoint)'",
                kind: kind)
        }
        guard hasKeys || isLoopback(host) else {
            throw InputError(
                place, expected: "keys, or a loopback endpoint such as tcp://127.0.0.1:5611", found: endpoint,
                hint: "without keys anybody who reaches the port could give orders and read along: make keys with "
                    + "actdiff keygen, or use an SSH tunnel",
                kind: .configuration)
        }
    }

    /// The host of `tcp://HOST:PORT`, where the port is a number or `*`.
    private static func host(of endpoint: String) -> Substring? {
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return nil }
        let port = endpoint[endpoint.index(after: colon)...]
        guard port == "*" || UInt16(port) != nil else { return nil }
        let host = endpoint[..<colon].dropFirst("tcp://".count)
        return host.isEmpty ? nil : host
    }

    /// Whether only this machine can reach it: 127.0.0.0/8, ::1 or localhost.
    private static func isLoopback(_ host: Substring) -> Bool {
        if host == "localhost" || host == "[::1]" { return true }
        let numbers = host.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
        return numbers.count == 4 && numbers[0] == 127 && !numbers.contains(nil)
    }
}
