import Compute
import Dictionaries
import Evaluation
import Inputs
import Prompts
import Transformers

/// A task with its checkpoints and dictionaries open: turns shards into results.
///
/// A result depends on the task and the shard alone.
public final class ShardEvaluator {
    /// The task that is open.
    public let task: DiffTask
    let models: HookedModels
    private let accumulators: [LatentAccumulator]
    /// Bytes of the last shard's result, which may still be on its way.
    private var sent = 0

    /// Copies of a shard's result that there may be at a time: its arrays grow to twice what they hold, and it is written
    /// out as a message.
    private static let copiesOfResults = 3

    /// Opens everything the task names and checks that it fits together, as `HookedModels` does.
    public convenience init(
        _ task: DiffTask, threads: Threads, memory: Int = MachineMemory().share(),
        formats: DictionaryFormats = .all, step: () throws -> Void = {},
        planned: @escaping (MemoryPlan) -> Void = { _ in }
    ) throws {
        try self.init(
            task, inputs: task.inputs, threads: threads, room: .init(memory: memory), formats: formats, step: step,
            planned: planned)
    }

    /// Opens the task's inputs where `inputs` says that they are.
    init(
        _ task: DiffTask, inputs: TaskInputs, threads: Threads, room: HookedModels.Room,
        formats: DictionaryFormats = .all, step: () throws -> Void = {},
        planned: @escaping (MemoryPlan) -> Void = { _ in }
    ) throws {
        self.task = task
        models = try HookedModels(
            inputs, hooks: task.hooks.map(\.evaluated), threads: threads, room: room, formats: formats, step: step,
            planned: planned)
        accumulators = task.hooks.map {
            LatentAccumulator(latentCount: $0.latents, maskCount: task.masks.count)
        }
    }

    /// Evaluates a shard. `afterLayer` is called after each layer of each residual stream; it may throw to give up.
    ///
    /// Throws `InputError`, of kind `temporary` where one of its prompts has no room in memory.
    public func evaluate(_ work: ShardWork, afterLayer: () throws -> Void) throws -> ShardResult {
        let plan = try models.plan(for: work)
        return try evaluate(work, afterLayer: afterLayer, batchTokens: plan.batchTokens(beside:longest:))
    }

    /// Evaluates a shard in batches of up to `batchTokens` tokens.
    func evaluate(_ work: ShardWork, batchTokens: Int, afterLayer: () throws -> Void) throws -> ShardResult {
        try evaluate(work, afterLayer: afterLayer) { _, _ in batchTokens }
    }

    /// Asks before each batch how many tokens it may have, beside results of so many bytes, with the longest prompt of
    /// those that are left.
    private func evaluate(
        _ work: ShardWork, afterLayer: () throws -> Void, batchTokens: (_ results: Int, _ longest: Int) throws -> Int
    ) throws -> ShardResult {
        var tables = Array(repeating: LatentSums(), count: task.tableCount)
        try models.batches(of: work) { longest in
            let results = sent + tables.reduce(0) { $0 + $1.byteCount } * Self.copiesOfResults
            return try batchTokens(results, longest)
        } _: { batch in
            try models.run(batch, shard: work.index, afterLayer: afterLayer) { visit in
                let sums = accumulators[visit.hook].sums(
                    visit.activations, masked: batch.masked, threads: models.threads)
                for checkpoint in visit.checkpoints {
                    for mask in task.masks.indices {
                        tables[task.tableIndex(checkpoint: checkpoint, hook: visit.hook, mask: mask)]
                            .append(sums[mask])
                    }
                }
            }
        }
        sent = tables.reduce(0) { $0 + $1.byteCount }
        let tokenCounts = task.masks.indices.map { mask in
            work.prompts.map { prompt in
                prompt.masks.reduce(UInt32(0)) { $0 + UInt32($1 >> UInt8(mask) & 1) }
            }
        }
        return ShardResult(shard: work.index, tokenCounts: tokenCounts, tables: tables)
    }
}

extension LatentSums {
    /// Bytes of its entries and rows, in memory and about as many in a message.
    fileprivate var byteCount: Int {
        latents.count * (MemoryLayout<UInt32>.stride * 2 + MemoryLayout<Double>.stride)
            + rowStarts.count * MemoryLayout<Int>.stride
    }
}
