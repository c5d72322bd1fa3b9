import CZeroMQ

/// libzmq's I/O threads and all that lives in them. Ends when the last socket on it is gone, after their linger time.
final class Context: Sendable {
    // The one object of libzmq that threads may share.
    nonisolated(unsafe) let handle: UnsafeMutableRawPointer

    /// Starts a context with `ioThreads` threads; a connection stays on one of them.
    init(ioThreads: Int32) throws(ZeroMQError) {
        guard let handle = zmq_ctx_new() else { throw ZeroMQError.last("new context") }
        self.handle = handle
        // Peers of a ROUTER do not count: sockets are what this process opens itself.
        for (option, value) in [(ZMQ_IO_THREADS, ioThreads), (ZMQ_MAX_SOCKETS, 64), (ZMQ_BLOCKY, 0)] {
            guard zmq_ctx_set(handle, option, value) == 0 else { throw ZeroMQError.last("context option \(option)") }
        }
    }

    deinit {
        while zmq_ctx_term(handle) != 0, zmq_errno() == EINTR {}
    }
}
