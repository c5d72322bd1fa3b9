import Inputs

/// What a worker or an operator tells the coordinator.
public enum MessageToCoordinator: Sendable, Hashable {
    // From a worker, on the control socket.

    /// Who is there; the first message, and the answer to `whoAreYou(.control)`.
    case hello(WorkerHello)
    /// The worker is alive and still at work on these; it can hold `slots` leases at a time, 0 while it drains. All that the
    /// coordinator must know is in each renewal, so the next one makes up for a lost one. `tasks` are the digests of those that
    /// it has, which leases need not bring again.
    case renew(slots: Int, [Renewal], tasks: [Digest])
    /// The worker will not finish these.
    case handBack([LeaseID], reason: String)
    /// The shard cannot be computed.
    case failed(LeaseID, InputError, FailureCause)
    /// The worker leaves and holds nothing.
    case goodbye

    // From a worker, on the data socket.

    /// Ties the data connection to the worker that said hello; the answer to `whoAreYou(.data)`.
    case attach(InstanceID)
    /// A piece of a result.
    case part(ResultPart)

    // From an operator, on the control socket.

    /// Answered by a `reply` of the same id.
    case request(id: UInt64, OperatorRequest)

    /// The socket it travels on.
    public var channel: Channel {
        switch self {
        case .attach, .part: .data
        case .hello, .renew, .handBack, .failed, .goodbye, .request: .control
        }
    }
}

/// How a worker introduces itself. The protocol version stands in every message's header.
public struct WorkerHello: Sendable, Hashable {
    /// Version of the program.
    public var build: String
    public var instance: InstanceID
    public var host: String
    public var processID: Int
    /// What decides how its numbers are rounded, such as `cpu/avx512`.
    public var numberSystem: String
    public var threads: Int
    /// Slurm's job id, inside one.
    public var slurmJob: String?
    /// Leases whose results the worker computes or still keeps.
    public var held: [LeaseID]

    /// Makes a greeting.
    public init(
        build: String, instance: InstanceID, host: String, processID: Int, numberSystem: String, threads: Int,
        slurmJob: String?, held: [LeaseID]
    ) {
        self.build = build
        self.instance = instance
        self.host = host
        self.processID = processID
        self.numberSystem = numberSystem
        self.threads = threads
        self.slurmJob = slurmJob
        self.held = held
    }
}

/// A lease that goes on, and how far its computation is.
public struct Renewal: Sendable, Hashable {
    public var lease: LeaseID
    /// Counts up while the compute thread gets on; its unit is the worker's own.
    public var progress: UInt64

    /// Makes a renewal.
    public init(lease: LeaseID, progress: UInt64) {
        self.lease = lease
        self.progress = progress
    }
}

/// A piece of an encoded result.
public struct ResultPart: Sendable, Hashable {
    public var lease: LeaseID
    /// SHA-256 of the whole encoded result.
    public var transferDigest: Digest
    /// Bytes of the whole encoded result, at most `WireLimits.resultBytes`.
    public var totalBytes: Int
    /// Where in the whole this piece begins.
    public var offset: Int
    /// 1 to `WireLimits.partBytes` bytes, which end within the whole.
    public var bytes: [UInt8]

    /// Makes a piece.
    public init(lease: LeaseID, transferDigest: Digest, totalBytes: Int, offset: Int, bytes: [UInt8]) {
        self.lease = lease
        self.transferDigest = transferDigest
        self.totalBytes = totalBytes
        self.offset = offset
        self.bytes = bytes
    }
}
