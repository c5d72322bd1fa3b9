import Glibc

/// What a server of ZeroMQ says first: whether it demands keys.
///
/// If one side has keys and the other has none, both hang up, and whoever is first decides whether the other one learns
/// why. Here only the beginning of a greeting is sent, so that the whole of the server's comes back (ZMTP 3.0, ZeroMQ
/// RFC 23: signature, version, mechanism in 20 bytes from the 12th on).
enum ServerGreeting {
    private static let beginning: [UInt8] = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]
    private static let mechanism = 12..<32

    /// The mechanism of the server at `tcp://HOST:PORT`, such as `CURVE`; nil where it does not say one in time.
    static func mechanism(of endpoint: String, within timeout: Duration) -> String? {
        let deadline = ContinuousClock.now + timeout
        guard let descriptor = connect(to: endpoint, until: deadline) else { return nil }
        defer { close(descriptor) }
        guard send(descriptor, beginning, beginning.count, Int32(MSG_NOSIGNAL)) == beginning.count else { return nil }
        var greeting: [UInt8] = []
        while greeting.count < mechanism.upperBound {
            var buffer = [UInt8](repeating: 0, count: 64)
            guard wait(for: descriptor, Int16(POLLIN), until: deadline) else { return nil }
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return nil }
            greeting += buffer[..<count]
        }
        guard greeting[0] == beginning[0], greeting[9] == beginning[9] else { return nil }
        return String(validating: greeting[mechanism].prefix { $0 != 0 }, as: UTF8.self)
    }

    private static func connect(to endpoint: String, until deadline: ContinuousClock.Instant) -> Int32? {
        guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else { return nil }
        let host = endpoint[..<colon].dropFirst("tcp://".count).filter { $0 != "[" && $0 != "]" }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, String(endpoint[endpoint.index(after: colon)...]), &hints, &found) == 0 else {
            return nil
        }
        defer { freeaddrinfo(found) }
        var next = found
        while let address = next?.pointee {
            next = address.ai_next
            let kind = address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let descriptor = socket(address.ai_family, kind, address.ai_protocol)
            guard descriptor >= 0 else { continue }
            if Glibc.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 || errno == EINPROGRESS,
                wait(for: descriptor, Int16(POLLOUT), until: deadline)
            {
                return descriptor
            }
            close(descriptor)
        }
        return nil
    }

    private static func wait(
        for descriptor: Int32, _ events: Int16, until deadline: ContinuousClock.Instant
    ) -> Bool {
        var item = pollfd(fd: descriptor, events: events, revents: 0)
        while true {
            let ready = poll(&item, 1, ContinuousClock.now.duration(to: deadline).pollMilliseconds)
            if ready >= 0 || errno != EINTR { return ready > 0 }
        }
    }
}
