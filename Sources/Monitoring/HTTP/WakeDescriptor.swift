import Glibc

/// A pipe that ends a poll: readable for good once it is signalled.
final class WakeDescriptor: Sendable {
    /// To poll.
    let descriptor: Int32
    private let writing: Int32

    init(for address: HTTPAddress) throws(ListenError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else {
            throw ListenError(
                place: "http: \(address)", expected: "two free file descriptors",
                found: String(cString: strerror(errno)))
        }
        for end in ends { makeNonBlocking(end) }
        descriptor = ends[0]
        writing = ends[1]
    }

    deinit {
        close(descriptor)
        close(writing)
    }

    /// May be called again.
    func signal() {
        var byte: UInt8 = 1
        while write(writing, &byte, 1) < 0, errno == EINTR {}
    }
}

/// Calls on the descriptor return at once, and child processes do not get it.
func makeNonBlocking(_ descriptor: Int32) {
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
}
