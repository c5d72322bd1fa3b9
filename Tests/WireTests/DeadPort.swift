import Glibc
import Testing

/// A port that belongs to this test and refuses every connection: bound, but nobody listens. A shared one can be bound
/// again by libzmq, again and again, and by no other test in between.
struct DeadPort: ~Copyable {
    let endpoint: String
    private let descriptor: Int32

    init(isShared: Bool = false) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var flag: Int32 = isShared ? 1 : 0
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &flag, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, size) == 0 && getsockname(descriptor, address, &size) == 0
            }
        }
        let port = UInt16(bigEndian: address.sin_port)
        self.descriptor = descriptor
        endpoint = "tcp://127.0.0.1:\(port)"
        try #require(isBound)
    }

    deinit {
        close(descriptor)
    }
}
