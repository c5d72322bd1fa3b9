import CZeroMQ

/// One `zmq_msg_t`, which must not move while it is in use and so lives on the heap.
struct FrameBuffer: ~Copyable {
    private let message = UnsafeMutablePointer<zmq_msg_t>.allocate(capacity: 1)

    init() {
        zmq_msg_init(message)
    }

    deinit {
        zmq_msg_close(message)
        message.deallocate()
    }

    /// Takes the next frame from a socket; false where none waits.
    borrowing func receive(from socket: UnsafeMutableRawPointer) throws(ZeroMQError) -> Bool {
        while zmq_msg_recv(message, socket, ZMQ_DONTWAIT) < 0 {
            switch zmq_errno() {
            case EINTR: continue
            case EAGAIN: return false
            default: throw ZeroMQError.last("receive")
            }
        }
        return true
    }

    /// A copy of the frame's content.
    var bytes: [UInt8] {
        Array(UnsafeRawBufferPointer(start: zmq_msg_data(message), count: zmq_msg_size(message)))
    }

    /// A property of the connection that the frame came over, such as `User-Id`.
    ///
    /// libzmq 4.3.4 loses them on the routing id, the first frame that a router gives: ask a later one.
    func property(_ name: String) -> String? {
        zmq_msg_gets(message, name).map { String(cString: $0) }
    }

    /// Whether the message goes on after this frame.
    var hasMore: Bool { zmq_msg_more(message) != 0 }
}
