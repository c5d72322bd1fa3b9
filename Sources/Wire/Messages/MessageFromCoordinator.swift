import Inputs

/// What the coordinator tells a worker or an operator.
public enum MessageFromCoordinator: Sendable, Hashable {
    // To a worker, on the control socket.

    /// The worker is admitted. `instance` is its own, echoed.
    case welcome(name: String, leaseSeconds: Double, instance: InstanceID)
    /// The peer is not admitted and should not come back as it is. Its layout stays the same in all protocol versions.
    case refused(InputError)
    /// The answer to a renewal: the connection is good in both directions.
    case heard
    /// A shard to compute.
    case lease(Lease)
    /// Drop these without a result.
    case revoke([LeaseID], reason: String)
    /// The coordinator wants no more of this worker: hand in what is finished and leave, or leave at once.
    case dismiss(reason: String, atOnce: Bool)

    // To a worker, on either socket.

    /// The coordinator does not know this connection: say `hello` (control) or `attach` (data) again.
    case whoAreYou(Channel)

    // To a worker, on the data socket.

    /// The worker may send this many more bytes of parts.
    case credit(bytes: Int)
    /// The result is committed; the worker may forget it.
    case accepted(LeaseID)
    /// The result cannot be used; the worker may forget it.
    case rejected(LeaseID, InputError)

    // To an operator, on the control socket.

    /// The answer to the `request` of the same id.
    case reply(id: UInt64, OperatorReply)

    /// The socket it travels on.
    public var channel: Channel {
        switch self {
        case .whoAreYou(let channel): channel
        case .credit, .accepted, .rejected: .data
        case .welcome, .refused, .heard, .lease, .revoke, .dismiss, .reply: .control
        }
    }
}

/// A shard given to a worker for a time.
public struct Lease: Sendable, Hashable {
    public var id: LeaseID
    /// How long it lasts from receipt unless it is renewed.
    public var seconds: Double
    /// How much work it is.
    public var tokens: Int
    /// `Payload.digest` of the task.
    public var taskDigest: Digest
    /// What every shard of the job needs; left out for a worker that has said that it has it.
    public var task: Payload?
    /// What this shard is made of.
    public var shard: Payload

    /// Makes a lease.
    public init(id: LeaseID, seconds: Double, tokens: Int, taskDigest: Digest, task: Payload?, shard: Payload) {
        self.id = id
        self.seconds = seconds
        self.tokens = tokens
        self.taskDigest = taskDigest
        self.task = task
        self.shard = shard
    }
}
