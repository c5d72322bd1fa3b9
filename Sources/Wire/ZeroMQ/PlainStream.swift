import CZeroMQ
import Foundation

/// What libzmq does by itself, with nothing of ours: PUSH to PULL, TCP on loopback, default options, blocking calls.
package enum PlainStream {
    /// How long the receiver waits for a frame before it gives up, in milliseconds.
    private static let patience: Int32 = 30_000

    /// Sends `count` frames, `pieces` in turn; the seconds from the first one's arrival to the last one's. Throws
    /// `ZeroMQError`.
    package static func seconds(_ pieces: [[UInt8]], count: Int) throws -> Double {
        try withSocket(ZMQ_PULL) { pull in
            var patience = patience
            zmq_setsockopt(pull, ZMQ_RCVTIMEO, &patience, MemoryLayout<Int32>.size)
            guard zmq_bind(pull, "tcp://127.0.0.1:*") == 0 else { throw ZeroMQError.last("bind") }
            var text = [CChar](repeating: 0, count: 256)
            var size = text.count
            guard zmq_getsockopt(pull, ZMQ_LAST_ENDPOINT, &text, &size) == 0 else { throw ZeroMQError.last("endpoint") }
            let ended = try Mailbox<Result<Void, any Error>>()
            let endpoint = String(terminated: text)
            Thread.detachNewThread { ended.post(Result { try push(pieces, count: count, to: endpoint) }) }
            let seconds = try receive(count, from: pull)
            for result in ended.takeAll(waiting: nil) { try result.get() }
            return seconds
        }
    }

    private static func push(_ pieces: [[UInt8]], count: Int, to endpoint: String) throws {
        try withSocket(ZMQ_PUSH) { push in
            guard zmq_connect(push, endpoint) == 0 else { throw ZeroMQError.last("connect \(endpoint)") }
            for at in 0..<count {
                let piece = pieces[at % pieces.count]
                guard zmq_send(push, piece, piece.count, 0) >= 0 else { throw ZeroMQError.last("send") }
            }
        }
    }

    private static func receive(_ count: Int, from pull: UnsafeMutableRawPointer) throws -> Double {
        var frame = zmq_msg_t()
        return try withUnsafeMutablePointer(to: &frame) { frame in
            zmq_msg_init(frame)
            defer { zmq_msg_close(frame) }
            var start = ContinuousClock.now
            for at in 0..<count {
                guard zmq_msg_recv(frame, pull, 0) >= 0 else { throw ZeroMQError.last("receive") }
                if at == 0 { start = .now }
            }
            return (ContinuousClock.now - start) / .seconds(1)
        }
    }

    /// A socket in a context of its own. Closing waits until all is sent.
    private static func withSocket<Value>(
        _ type: Int32, _ body: (UnsafeMutableRawPointer) throws -> Value
    ) throws -> Value {
        guard let context = zmq_ctx_new() else { throw ZeroMQError.last("new context") }
        defer { zmq_ctx_term(context) }
        guard let socket = zmq_socket(context, type) else { throw ZeroMQError.last("new socket") }
        defer { zmq_close(socket) }
        return try body(socket)
    }
}
