import Glibc

/// Why nobody can be served at an address.
public struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address.
    public var place: String
    public var expected: String
    public var found: String

    public var description: String { "\(place): expected \(expected), found \(found)" }
}

/// A socket that listens, without blocking. Closed when it is dropped.
final class ListeningSocket: Sendable {
    let descriptor: Int32
    /// With the real port.
    let address: HTTPAddress

    /// Binds and listens.
    init(_ address: HTTPAddress) throws(ListenError) {
        let descriptor = socket(address.family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Self.error(address, errno) }
        makeNonBlocking(descriptor)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Self.bind(descriptor, address) == 0, listen(descriptor, 64) == 0,
            let port = Self.port(of: descriptor)
        else {
            let code = errno
            close(descriptor)
            throw Self.error(address, code)
        }
        self.descriptor = descriptor
        self.address = address.with(port: port)
    }

    deinit {
        close(descriptor)
    }

    /// The next client's socket; nil where nobody waits.
    func accept() throws(ListenError) -> Int32? {
        while true {
            let client = Glibc.accept(descriptor, nil, nil)
            if client >= 0 {
                makeNonBlocking(client)
                return client
            }
            switch errno {
            // The client left before its turn.
            case EINTR, ECONNABORTED: continue
            case EAGAIN: return nil
            default: throw Self.error(address, errno)
            }
        }
    }

    private static func bind(_ descriptor: Int32, _ address: HTTPAddress) -> Int32 {
        func bind<Address>(_ value: Address) -> Int32 {
            withUnsafePointer(to: value) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
                }
            }
        }
        if address.family == AF_INET6 {
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = address.port.bigEndian
            inet_pton(AF_INET6, address.host, &six.sin6_addr)
            return bind(six)
        }
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_port = address.port.bigEndian
        inet_pton(AF_INET, address.host, &four.sin_addr)
        return bind(four)
    }

    private static func port(of descriptor: Int32) -> UInt16? {
        // The port is at the same place in both families.
        var name = sockaddr_in6()
        var length = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutablePointer(to: &name) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return result == 0 ? UInt16(bigEndian: name.sin6_port) : nil
    }

    private static func error(_ address: HTTPAddress, _ code: Int32) -> ListenError {
        ListenError(
            place: "http: \(address)", expected: "an address and port of this machine that are free",
            found: String(cString: strerror(code)))
    }
}
