import Work

/// What a user asks for: the job file, with every default filled in and every path resolved.
struct CountsSpec: Sendable, Hashable, Codable {
    var name: String
    /// A folder with a `tokenizer.json`.
    var tokenizer: JobPath
    /// A prompt set.
    var prompts: JobPath
    /// Tokens in a shard.
    var shardTokens: Int
    /// Share of the shards, 0 to 1, that is computed a second time on another worker and compared. It does not change the
    /// result.
    var verify: Double
}
