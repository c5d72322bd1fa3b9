import Evaluation
/// A table: sparse latent sums of one checkpoint at one hook under one mask, a row per prompt, entries by ascending
/// latent.
///
/// `sums[e]` is the sum of the activations of `latents[e]` over the prompt's masked tokens, added up in token order in
/// float64. `active[e]` is the number of those tokens with an activation above zero. Latents that never fired are
/// absent. With the rule `linear` (`ActivationRule`) every latent is there, active on all masked tokens.
public struct LatentSums: Sendable, Hashable {
    /// `prompts + 1` offsets into the other arrays; row `p` is `rowStarts[p]..<rowStarts[p + 1]`.
    public var rowStarts: [Int]
    public var latents: [UInt32]
    public var sums: [Double]
    public var active: [UInt32]

    /// No rows yet.
    public init() {
        rowStarts = [0]
        latents = []
        sums = []
        active = []
    }

    /// Rows so far.
    public var rowCount: Int { rowStarts.count - 1 }

    /// Adds an entry to the row that is being written; latents must ascend within a row.
    public mutating func append(latent: UInt32, sum: Double, active count: UInt32) {
        latents.append(latent)
        sums.append(sum)
        active.append(count)
    }

    /// Puts the rows of `other` behind these.
    public mutating func append(_ other: LatentSums) {
        let start = latents.count
        rowStarts.append(contentsOf: other.rowStarts.dropFirst().map { $0 + start })
        latents.append(contentsOf: other.latents)
        sums.append(contentsOf: other.sums)
        active.append(contentsOf: other.active)
    }

    /// Ends the row that is being written.
    public mutating func endRow() {
        rowStarts.append(latents.count)
    }
}

/// What a shard comes to: everything the statistics need, and nothing that depends on who computed it.
public struct ShardResult: Sendable, Hashable {
    /// Position of the shard in the plan.
    public var shard: Int
    /// `tokenCounts[mask][prompt]`: number of masked tokens.
    public var tokenCounts: [[UInt32]]
    /// One per checkpoint, hook and mask, at `DiffTask.tableIndex`.
    public var tables: [LatentSums]

    /// Makes a result.
    public init(shard: Int, tokenCounts: [[UInt32]], tables: [LatentSums]) {
        self.shard = shard
        self.tokenCounts = tokenCounts
        self.tables = tables
    }
}
