import CLinux
import Glibc

/// A socket of an address that lets clients in, one at a time. Whoever uses it closes it.
struct Listener: Sendable {
    /// Clients that may wait to be let in.
    private static let backlog: Int32 = 64

    let descriptor: Int32
    /// Where it listens, with the real port.
    let address: HTTPAddress

    /// Binds an address.
    init(_ address: HTTPAddress) throws(ListenError) {
        let descriptor = socket(
            address.family, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw ListenError(address, code: errno) }
        var yes: Int32 = 1
        // So that a coordinator that starts again need not wait for the last connections of the one before.
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard Self.bind(descriptor, address) == 0, listen(descriptor, Self.backlog) == 0,
            let port = Self.port(of: descriptor)
        else {
            let code = errno
            Glibc.close(descriptor)
            throw ListenError(address, code: code)
        }
        self.descriptor = descriptor
        self.address = address.with(port: port)
    }

    /// Frees the address. Nothing else may be done after it.
    func close() {
        Glibc.close(descriptor)
    }

    /// A descriptor of the next client that does not block; negative where there is none, and `errno` says why.
    func accept() -> Int32 {
        clinux_accept(descriptor)
    }

    private static func bind(_ descriptor: Int32, _ address: HTTPAddress) -> Int32 {
        func bind<Name>(_ name: Name) -> Int32 {
            withUnsafeBytes(of: name) { bytes in
                bytes.withMemoryRebound(to: sockaddr.self) {
                    Glibc.bind(descriptor, $0.baseAddress, socklen_t(MemoryLayout<Name>.size))
                }
            }
        }
        if address.family == AF_INET6 {
            var name = sockaddr_in6()
            name.sin6_family = sa_family_t(AF_INET6)
            name.sin6_port = address.port.bigEndian
            inet_pton(AF_INET6, address.host, &name.sin6_addr)
            return bind(name)
        }
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_port = address.port.bigEndian
        inet_pton(AF_INET, address.host, &name.sin_addr)
        return bind(name)
    }

    /// IPv4 and IPv6 have the port in the same place.
    private static func port(of descriptor: Int32) -> UInt16? {
        var name = sockaddr_in6()
        var size = socklen_t(MemoryLayout<sockaddr_in6>.size)
        let result = withUnsafeMutableBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &size) }
        }
        return result == 0 ? UInt16(bigEndian: name.sin6_port) : nil
    }
}

/// Why nobody can be served at an address.
public struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The address.
    public var place: String
    public var expected: String
    public var found: String
    /// Whether somebody else has it, who may leave.
    public var isInUse: Bool

    public var description: String { "\(place): expected \(expected), found \(found)" }

    /// With the system's error number.
    init(_ address: HTTPAddress, code: Int32) {
        place = "http: \(address)"
        expected = "an address and port of this machine that are free"
        found = String(cString: strerror(code))
        isInUse = code == EADDRINUSE
    }
}
