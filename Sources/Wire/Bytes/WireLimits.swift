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
    public static let nameBytes = 256
    /// Reasons and each field of an error; a longer one is cut when it is sent.
    public static let textBytes = 8 << 10
    /// Shards in a job, and epochs of a shard.
    public static let shards = 1 << 31
    /// Leases in one message.
    public static let leases = 4096
    /// Prompts in a shard.
    public static let prompts = 1 << 20
    /// Tokens in a shard; the message limit bites first where ids are large.
    public static let tokens = 1 << 20
    /// Tuned checkpoints of a job.
    public static let tuned = 256
    /// Hooks of a job.
    public static let hooks = 256
    /// Masks of a job: a token's masks are the bits of one byte.
    public static let masks = 8
    /// Latents of a dictionary.
    public static let latents = 1 << 26
    /// Jobs, workers or files in one reply.
    public static let rows = 16_384
    /// Quarantined shards in one reply, each with its error.
    public static let listedShards = 100
    /// Shards that a worker may ask for at once.
    public static let slots = 1024
    /// Threads of a worker.
    public static let threads = 1 << 16
    /// Blocks of a model.
    public static let layers = 1 << 16
    /// A year: no lease lasts longer.
    public static let seconds = 366.0 * 86_400
}
