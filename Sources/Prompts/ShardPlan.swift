/// Which prompts make up which shard: prompts in file order, up to `shard_tokens` of them, never split.
///
/// A pure function of the prompts' lengths, so that the same job has the same shards wherever and whenever it runs.
/// Nobody knows how many workers there will be, and how fast. Shards are as large as possible, because each needs all
/// weights once, and become smaller at the end, so that workers end together.
public struct ShardPlan: Sendable, Hashable {
    /// For each shard the positions of its prompts.
    public let shards: [Range<Int>]

    /// The most that a job may ask for: a shard travels in one message.
    public static let mostShardTokens = 1 << 18
    /// Jobs of fewer shards are cut evenly: smaller ones would cost more than they gain.
    private static let fewShards = 16
    /// The share of the tokens, at the end of a job, that is cut smaller and smaller; and the smallest shard's of a whole one.
    private static let fraction = 4

    /// Plans prompts of the given lengths; a prompt longer than `shardTokens` gets a shard of its own.
    ///
    /// In a plan of few shards the largest is as small as possible. In a plan of many, the shards of the last quarter
    /// of the tokens become smaller and smaller, so that a worker that is late or slow ends with a small one.
    public init(lengths: [Int], shardTokens: Int) {
        let tokens = lengths.reduce(0, +)
        guard tokens / shardTokens >= Self.fewShards else {
            shards = Self.even(lengths, upTo: shardTokens)
            return
        }
        let smallest = max(1, shardTokens / Self.fraction)
        // As a share of what is left: the last quarter begins where this is less than a whole shard.
        let wholeShards = tokens / shardTokens / Self.fraction
        shards = Self.filled(lengths) { done in
            min(shardTokens, max(smallest, (tokens - done) / wholeShards))
        }
    }

    /// As few shards as possible, and the largest of them as small as possible: whole prompts in order, at most `most`
    /// tokens in each unless one prompt is longer.
    public static func even(_ lengths: [Int], upTo most: Int) -> [Range<Int>] {
        var shards = filled(lengths) { _ in most }
        // Shards of `tooSmall` tokens would be more in number, those of `enough` are not.
        var (tooSmall, enough) = (0, most)
        while enough - tooSmall > 1 {
            let size = tooSmall + (enough - tooSmall) / 2
            let smaller = filled(lengths) { _ in size }
            if smaller.count == shards.count {
                (shards, enough) = (smaller, size)
            } else {
                tooSmall = size
            }
        }
        return shards
    }

    /// Fills shards one after the other. `room` says how many tokens the next one takes after `done` tokens.
    private static func filled(_ lengths: [Int], room: (_ done: Int) -> Int) -> [Range<Int>] {
        var shards: [Range<Int>] = []
        var (start, done, end) = (0, 0, room(0))
        for (prompt, length) in lengths.enumerated() {
            if done + length > end, prompt > start {
                shards.append(start..<prompt)
                start = prompt
                end = done + room(done)
            }
            done += length
        }
        if start < lengths.count { shards.append(start..<lengths.count) }
        return shards
    }

    /// The plan of a job with shards of up to `shardTokens` tokens.
    public init(_ prompts: TokenizedPrompts, shardTokens: Int) {
        self.init(lengths: prompts.prompts.map(\.ids.count), shardTokens: shardTokens)
    }

    /// What a worker gets for each shard.
    public func work(_ prompts: TokenizedPrompts) -> [ShardWork] {
        shards.enumerated().map { ShardWork(index: $0, prompts: Array(prompts.prompts[$1])) }
    }
}
