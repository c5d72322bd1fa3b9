import Inputs

/// The largest of everything that a peer may send. Sender and receiver hold to the same numbers.
public enum WireLimits {
    /// One ZeroMQ frame, and so one message.
    public static let messageBytes = 8 << 20
    /// Bytes of a result in one part.
    public static let partBytes = 256 << 10
    /// Bytes of a bundle file in one reply.
    public static let fileBytes = 1 << 20
    /// A whole encoded shard result, also after decompression.
    public static let resultBytes = 1 << 30
    /// The text of a job spec.
    public static let specBytes = 4 << 20
    /// Absolute paths and file names.
    public static let pathBytes = 4096
    /// Names of hosts, workers, checkpoints, builds and the like.
    public static let nameBytes = ByteWriter.longestName
    /// Reasons and each field of an error; a longer one is cut when it is sent.
    public static let textBytes = 8 << 10
    /// Shards in a job, and epochs of a shard.
    public static let shards = 1 << 31
    /// Leases in one message.
    public static let leases = 4096
    /// Tokens in a shard; the limit of its bytes bites first.
    public static let tokens = 1 << 20
    /// A task.
    public static let taskBytes = 1 << 20
    /// A shard: with a task it fits into a message.
    public static let shardBytes = 6 << 20
    /// Tasks that a worker keeps.
    public static let tasks = 8
    /// Jobs, workers or files in one reply.
    public static let rows = 16_384
    /// Quarantined shards in one reply, each with its error.
    public static let listedShards = 100
    /// Shards that a worker may ask for at once.
    public static let slots = 1024
    /// Threads of a worker.
    public static let threads = 1 << 16
    /// A year: no lease lasts longer.
    public static let seconds = 366.0 * 86_400
}
