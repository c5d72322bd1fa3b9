/// Which prompts make up which shard: prompts in file order, up to `shard_tokens` of them, never split.
///
/// A pure function of the prompts' lengths, so that the same job has the same shards wherever and whenever it runs. There
/// are as few shards as can be, and the largest of them is as small as can be: workers that get equally many end together.
public struct ShardPlan: Sendable, Hashable {
    /// For each shard the positions of its prompts.
    public let shards: [Range<Int>]

    /// Plans prompts of the given lengths; a prompt longer than `shardTokens` gets a shard of its own.
    public init(lengths: [Int], shardTokens: Int) {
        var shards = Self.filled(lengths, upTo: shardTokens)
        // Sizes below `tooSmall` make more shards, `enough` does not.
        var (tooSmall, enough) = (0, shardTokens)
        while enough - tooSmall > 1 {
            let size = tooSmall + (enough - tooSmall) / 2
            let smaller = Self.filled(lengths, upTo: size)
            if smaller.count == shards.count {
                (shards, enough) = (smaller, size)
            } else {
                tooSmall = size
            }
        }
        self.shards = shards
    }

    /// Fills one shard after the other, which makes as few of this size as can be.
    private static func filled(_ lengths: [Int], upTo shardTokens: Int) -> [Range<Int>] {
        var shards: [Range<Int>] = []
        var start = 0
        var room = shardTokens
        for (prompt, length) in lengths.enumerated() {
            if length > room, prompt > start {
                shards.append(start..<prompt)
                start = prompt
                room = shardTokens
            }
            room -= length
        }
        if start < lengths.count { shards.append(start..<lengths.count) }
        return shards
    }

    /// The plan of a job.
    public init(_ prompts: TokenizedPrompts, spec: JobSpec) {
        self.init(lengths: prompts.prompts.map(\.ids.count), shardTokens: spec.shardTokens)
    }

    /// What a worker gets for each shard.
    public func work(_ prompts: TokenizedPrompts) -> [ShardWork] {
        shards.enumerated().map { ShardWork(index: $0, prompts: Array(prompts.prompts[$1])) }
    }
}
