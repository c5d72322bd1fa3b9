import Inputs
import Prompts

/// The second pass over a job's results. Which latents are at the ends of a ranking is known once all results were folded;
/// their differences by prompt are taken from the results then, so that memory does not grow with the dictionary.
struct DifferencePass: Sendable {
    private let task: DiffTask
    private let shards: [Range<Int>]
    private let tokenCounts: [[UInt32]]
    /// The shards that were not skipped, ascending.
    private let counted: [Int]
    /// How many of them were taken in.
    private var taken = 0
    /// The next prompt's position among those that count.
    private var prompt = 0
    /// In the order tuned, hook, mask.
    private(set) var results: [KeptDifferences] = []

    /// Chooses the latents, of those that `reducer` has folded. `check` is called for each result.
    init(_ reducer: Reducer, check: () throws -> Void) throws {
        task = reducer.task
        shards = reducer.plan.shards
        tokenCounts = reducer.tokenCounts
        counted = reducer.countedShards
        let (prompts, spec) = (reducer.countedPrompts.count, reducer.spec)
        let room = KeptLatents.room(results: reducer.tuned.count) / max(1, prompts)
        try reducer.eachResult { tuned, hook, mask in
            try check()
            let kept = KeptLatents(
                named: spec.keepLatents ?? [],
                ranked: reducer.sample(tuned: tuned, hook: hook, mask: mask)
                    .values(of: spec.rank.by), top: spec.rank.top, room: room)
            results.append(KeptDifferences(latents: kept.latents, prompts: prompts, leftOut: kept.leftOut))
        }
    }

    /// The shard whose result comes next; nil at the end.
    var nextShard: Int? { taken < counted.count ? counted[taken] : nil }

    /// Takes in the result of `nextShard`, which was checked when it was folded.
    mutating func take(_ result: ShardResult) throws {
        guard let shard = nextShard, result.shard == shard else {
            throw InputError(
                "shard \(result.shard)",
                expected: nextShard.map { "shard \($0) in the second pass" } ?? "no more shards",
                found: "this one")
        }
        var slot = 0
        for checkpoint in task.tuned.indices {
            for hook in task.hooks.indices {
                for mask in task.masks.indices {
                    add(result, to: slot, checkpoint: checkpoint, hook: hook, mask: mask, prompts: shards[shard])
                    slot += 1
                }
            }
        }
        prompt += shards[shard].count
        taken += 1
    }

    private mutating func add(
        _ result: ShardResult, to slot: Int, checkpoint: Int, hook: Int, mask: Int, prompts: Range<Int>
    ) {
        let base = result.tables[task.tableIndex(checkpoint: 0, hook: hook, mask: mask)]
        let tuned = result.tables[task.tableIndex(checkpoint: checkpoint + 1, hook: hook, mask: mask)]
        for (row, number) in prompts.enumerated() {
            results[slot].add(
                tuned, from: base, row: row, prompt: prompt + row, tokens: Double(tokenCounts[mask][number]))
        }
    }
}
