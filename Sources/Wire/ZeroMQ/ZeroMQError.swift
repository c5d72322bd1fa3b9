import CZeroMQ

/// A call into libzmq that failed.
public struct ZeroMQError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The call and its object, such as `bind tcp://127.0.0.1:5555`.
    public let operation: String
    /// libzmq's error number; most are the system's.
    public let code: Int32
    /// libzmq's own words for it.
    public let reason: String

    /// The error that the last call on this thread left behind.
    package static func last(_ operation: String) -> ZeroMQError {
        ZeroMQError(operation, code: zmq_errno())
    }

    init(_ operation: String, code: Int32) {
        self.operation = operation
        self.code = code
        reason = zmq_strerror(code).map { String(cString: $0) } ?? "error \(code)"
    }

    public var description: String { "\(operation): \(reason)" }
}
