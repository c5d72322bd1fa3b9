import Inputs

/// A job as it is planned before the first shard is handed out: a pure function of the job file and of the files that it names.
public struct WorkPlan: Sendable, Hashable {
    /// A piece of the job that one worker computes.
    public struct Shard: Sendable, Hashable {
        /// In the layout `shardVersion`.
        public var bytes: [UInt8]
        /// How much work it is, in tokens.
        public var tokens: Int

        /// Makes a shard.
        public init(bytes: [UInt8], tokens: Int) {
            self.bytes = bytes
            self.tokens = tokens
        }
    }

    /// What every shard needs besides its own bytes; its kind is that of the whole plan.
    public var task: Payload
    /// Layout of the shards' bytes.
    public var shardVersion: UInt16
    /// By index.
    public var shards: [Shard]
    /// Shards that are computed a second time on another worker and compared.
    public var verified: Set<Int>
    /// Whether results of different number systems must not be mixed. If so, all shards go to workers of one number system.
    public var needsOneNumberSystem: Bool
    /// What the kind needs again at the fold; stored as it is.
    public var record: [UInt8]
    /// Memory in bytes that the fold will take, as far as it can be told now.
    public var foldBytes: Int

    /// Makes a plan.
    public init(
        task: Payload, shardVersion: UInt16, shards: [Shard], verified: Set<Int> = [],
        needsOneNumberSystem: Bool = false, record: [UInt8], foldBytes: Int = 0
    ) {
        self.task = task
        self.shardVersion = shardVersion
        self.shards = shards
        self.verified = verified
        self.needsOneNumberSystem = needsOneNumberSystem
        self.record = record
        self.foldBytes = foldBytes
    }
}

/// A shard as it is stored, leased and folded.
public struct WorkShard: Sendable, Hashable {
    /// Position in the plan.
    public var index: Int
    public var payload: Payload

    /// Makes a shard.
    public init(index: Int, payload: Payload) {
        self.index = index
        self.payload = payload
    }
}

/// A job that was planned, for the fold.
public struct PlannedWork: Sendable {
    public var source: JobSource
    public var task: Payload
    /// `WorkPlan.record`.
    public var record: [UInt8]
    /// Number of shards.
    public var shardCount: Int
    /// Reads one shard by index.
    public var shard: @Sendable (Int) throws -> WorkShard

    /// Makes a job.
    public init(
        source: JobSource, task: Payload, record: [UInt8], shardCount: Int,
        shard: @escaping @Sendable (Int) throws -> WorkShard
    ) {
        self.source = source
        self.task = task
        self.record = record
        self.shardCount = shardCount
        self.shard = shard
    }
}
