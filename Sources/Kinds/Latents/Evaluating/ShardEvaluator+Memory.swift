import Dictionaries
import Evaluation
import Prompts
import Transformers

extension ShardEvaluator {
    /// Shards and prompts differ a little: plans are made for the next multiples of these.
    private static let (tokenStep, promptStep) = (1024, 64)

    /// A dictionary is read once and for all only if this many tokens have room beside it.
    private static let usualBatch = 2048

    /// Copies of a shard's result that there may be at a time: its arrays grow to twice what they hold, and it is written
    /// out as a message.
    static let copiesOfResults = 3

    /// What a task takes of memory. As many dictionaries are loaded as leave room for the rest; the others are read for
    /// each batch. If nothing fits, what takes the least, so that the error names a size that is enough.
    static func needs(
        _ task: DiffTask, _ forward: ForwardMemory, width: Int, threads: Int, limit: Int
    ) -> MemoryPlan.Needs {
        let counts = (0...task.hooks.count { $0.rule == .sparse }).map {
            needs(task, forward, width: width, threads: threads, streamed: $0)
        }
        return counts.first {
            (try? MemoryPlan($0, limit: limit, tokens: usualBatch, longest: usualBatch)) != nil
        } ?? counts.min { $0.dictionaries < $1.dictionaries } ?? MemoryPlan.Needs()
    }

    /// The hooks whose dictionaries stay in their files: the last `count` of those that can. Vectors are always in memory.
    static func streamed(_ task: DiffTask, last count: Int) -> Set<Int> {
        Set(task.hooks.indices.filter { task.hooks[$0].rule == .sparse }.suffix(count))
    }

    /// What a task takes if the last `streamed` dictionaries that can be left in their files are.
    static func needs(
        _ task: DiffTask, _ forward: ForwardMemory, width: Int, threads: Int, streamed: Int
    ) -> MemoryPlan.Needs {
        var needs = MemoryPlan.Needs()
        needs.forward = forward
        let inFiles = Self.streamed(task, last: streamed)
        let encoders = task.hooks.enumerated().map { index, hook in
            EncoderMemory(
                latents: hook.latents, width: width, threads: threads, isStreamed: inFiles.contains(index),
                isLinear: hook.rule == .linear)
        }
        needs.dictionaryCount = encoders.count
        needs.streamedDictionaries = inFiles.count
        needs.dictionaries = encoders.reduce(0) { $0 + $1.dictionary }
        needs.encoding = encoders.reduce(0) { $0 + $1.scratch }
        // One hook after the other is encoded.
        needs.encodingPerToken = encoders.map(\.perToken).max() ?? 0
        return needs
    }

    /// The plan for a shard: the present one if it is large enough, else a larger one.
    func plan(for work: ShardWork) throws -> MemoryPlan {
        let longest = work.prompts.map(\.ids.count).max() ?? 0
        if let plan, work.tokenCount <= plan.tokens, longest <= plan.longest { return plan }
        func up(_ count: Int, to step: Int) -> Int { (count + step - 1) / step * step }
        let tokens = max(plan?.tokens ?? 0, up(work.tokenCount, to: Self.tokenStep))
        let next =
            try
            (try? MemoryPlan(
                needs, limit: memory, tokens: tokens, longest: max(plan?.longest ?? 0, up(longest, to: Self.promptStep))
            ))
            // There is no room for more than this shard has.
            ?? MemoryPlan(needs, limit: memory, tokens: tokens, longest: max(plan?.longest ?? 0, longest))
        if plan?.batchTokens != next.batchTokens { planned(next) }
        plan = next
        return next
    }

    /// Whole prompts in their order, as many at a time as fit.
    static func batches(_ prompts: [PromptTokens], tokens: Int) -> [[PromptTokens]] {
        ShardPlan.even(prompts.map(\.ids.count), upTo: tokens).map { Array(prompts[$0]) }
    }
}

extension LatentSums {
    /// Bytes of its entries and rows, in memory and about as many in a message.
    var byteCount: Int {
        latents.count * (MemoryLayout<UInt32>.stride * 2 + MemoryLayout<Double>.stride)
            + rowStarts.count * MemoryLayout<Int>.stride
    }
}
