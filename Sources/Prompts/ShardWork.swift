/// One prompt as a worker sees it.
public struct PromptTokens: Sendable, Hashable {
    /// Position of the prompt in the prompt set.
    public var index: Int
    /// Token ids, at least one.
    public var ids: [UInt32]
    /// For each token a bit set: bit `m` says that the token belongs to the job's mask number `m`.
    public var masks: [UInt8]

    /// Makes a prompt; `ids` and `masks` have the same length.
    public init(index: Int, ids: [UInt32], masks: [UInt8]) {
        self.index = index
        self.ids = ids
        self.masks = masks
    }
}

/// A shard of prompts. Its result depends on these and on the task alone.
public struct ShardWork: Sendable, Hashable {
    /// Position of the shard in the plan.
    public var index: Int
    public var prompts: [PromptTokens]

    /// Makes a shard.
    public init(index: Int, prompts: [PromptTokens]) {
        self.index = index
        self.prompts = prompts
    }

    /// Tokens in all prompts.
    public var tokenCount: Int { prompts.reduce(0) { $0 + $1.ids.count } }
}
