import CZeroMQ
import Foundation
import Wire

/// What libzmq does by itself, with nothing of ours: PUSH to PULL, TCP on loopback, default options, blocking calls.
package struct PlainStream {
    /// How long the receiver waits for a frame before it gives up, in milliseconds.
    private static let patience: Int32 = 30_000

    /// Keys of the listening side and of the other, where there are some.
    private let keys: (server: KeyPair, client: KeyPair)?

    /// With fresh keys, or without keys. Throws `ZeroMQError`.
    package init(encrypted: Bool) throws(ZeroMQError) {
        keys = encrypted ? try (KeyPair.random(), KeyPair.random()) : nil
    }

    /// Sends `count` frames, `pieces` in turn; the seconds from the first one's arrival to the last one's. Throws
    /// `ZeroMQError`.
    package func seconds(_ pieces: [[UInt8]], count: Int) throws -> Double {
        try withSocket(ZMQ_PULL) { pull in
            if let keys {
                try set(pull, ZMQ_CURVE_SERVER, 1)
                try set(pull, ZMQ_CURVE_SECRETKEY, keys.server.secret.text)
            }
            try set(pull, ZMQ_RCVTIMEO, Self.patience)
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

    private func push(_ pieces: [[UInt8]], count: Int, to endpoint: String) throws {
        try withSocket(ZMQ_PUSH) { push in
            if let keys {
                try set(push, ZMQ_CURVE_SERVERKEY, keys.server.publicKey.text)
                try set(push, ZMQ_CURVE_PUBLICKEY, keys.client.publicKey.text)
                try set(push, ZMQ_CURVE_SECRETKEY, keys.client.secret.text)
            }
            guard zmq_connect(push, endpoint) == 0 else { throw ZeroMQError.last("connect \(endpoint)") }
            for at in 0..<count {
                let piece = pieces[at % pieces.count]
                guard zmq_send(push, piece, piece.count, 0) >= 0 else { throw ZeroMQError.last("send") }
            }
        }
    }

    private func receive(_ count: Int, from pull: UnsafeMutableRawPointer) throws -> Double {
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

    private func set(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ value: Int32) throws {
        var value = value
        guard zmq_setsockopt(socket, option, &value, MemoryLayout<Int32>.size) == 0 else {
            throw ZeroMQError.last("option \(option)")
        }
    }

    private func set(_ socket: UnsafeMutableRawPointer, _ option: Int32, _ text: String) throws {
        guard zmq_setsockopt(socket, option, text, text.utf8.count) == 0 else {
            throw ZeroMQError.last("option \(option)")
        }
    }

    /// A socket in a context of its own. Closing waits until all is sent.
    private func withSocket<Value>(
        _ type: Int32, _ body: (UnsafeMutableRawPointer) throws -> Value
    ) throws -> Value {
        guard let context = zmq_ctx_new() else { throw ZeroMQError.last("new context") }
        defer { zmq_ctx_term(context) }
        guard let socket = zmq_socket(context, type) else { throw ZeroMQError.last("new socket") }
        defer { zmq_close(socket) }
        return try body(socket)
    }
}
