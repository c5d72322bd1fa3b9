/// The result of a shard: how often each token stands in each of its prompts.
struct ShardCounts: Sendable, Hashable {
    /// A token that is there.
    struct Entry: Sendable, Hashable {
        var token: Int
        /// At least one.
        var count: Int
    }

    /// Position of the shard in the plan.
    var shard: Int
    /// By prompt; tokens ascending.
    var prompts: [[Entry]]
}
