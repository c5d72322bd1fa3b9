import Glibc

/// Something that happens once: any thread may raise it, and any wait for it or poll its descriptor.
final class Flag: Sendable {
    /// Of a pair of sockets; readable once the flag is raised.
    let descriptor: Int32
    private let writing: Int32

    /// Nil where the process has no descriptor left; `errno` says why.
    init?() {
        var ends: [Int32] = [-1, -1]
        let type = SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue
        guard socketpair(AF_UNIX, Int32(type), 0, &ends) == 0 else { return nil }
        (descriptor, writing) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// Raises it, once and for all.
    func raise() {
        var byte: UInt8 = 1
        while write(writing, &byte, 1) < 0, errno == EINTR {}
    }

    /// Blocks until it is raised.
    func wait() {
        var item = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while poll(&item, 1, -1) <= 0 {}
    }
}
