import Inputs

/// What the results of all shards come to, in the plan's order.
struct CountsTable: Sendable, Hashable {
    /// Counts of one prompt.
    struct Row: Sendable, Hashable {
        /// The prompt's id.
        var id: String
        var entries: [ShardCounts.Entry]
    }

    /// A shard that the table goes without.
    struct Missing: Sendable, Hashable {
        var shard: Int
        /// Ids of its prompts.
        var prompts: [String]
        /// Why there is no result.
        var error: InputError
    }

    /// The token that stands there most, which is known once all prompts were counted, and the ids of the prompts with it.
    struct Usual: Sendable, Hashable {
        var token: Int
        var prompts: [String] = []
    }

    private(set) var rows: [Row] = []
    /// Nil before the second pass.
    var usual: Usual?
    /// Sums over all prompts by token.
    private(set) var totals: [Int: Int] = [:]
    var missing: [Missing] = []

    /// Adds a shard whose prompts have these ids.
    mutating func add(_ counts: ShardCounts, of ids: [String]) {
        for (id, entries) in zip(ids, counts.prompts) {
            rows.append(Row(id: id, entries: entries))
            for entry in entries { totals[entry.token, default: 0] += entry.count }
        }
    }
}
