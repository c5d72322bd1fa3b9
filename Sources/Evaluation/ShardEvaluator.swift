import Compute
import Dictionaries
import Diffing
import Inputs
import Kernels
import Models
import Transformers

/// A task with its checkpoints and dictionaries open: turns shards into results.
///
/// One pass serves the base and all tuned checkpoints. A result depends on the task and the shard alone, not on the number
/// of threads, on memory, nor on what ran before.
public final class ShardEvaluator {
    /// The task that is open.
    public let task: DiffTask
    private let threads: Threads
    let backend: any Backend
    /// Checkpoint index (0 base, i + 1 tuned i) of each of the backend's variants.
    let checkpoints: [Int]
    private let hooks: [Hook]
    /// Bytes that it must do with, and what it takes.
    let memory: Int
    let needs: MemoryPlan.Needs
    /// The plan for the largest shard so far.
    var plan: MemoryPlan?
    let planned: (MemoryPlan) -> Void

    private struct Hook {
        let encoder: Encoder
        let accumulator: LatentAccumulator
        let depth: Int
    }

    /// Opens everything the task names and checks that it fits together. Digests are checked by
    /// `TaskInputs`.
    ///
    /// It takes up to `memory` bytes, and tells `planned` how when the first shard is there, and again when a larger one
    /// makes it plan anew. Throws `InputError` where that is too little for any shard.
    public convenience init(
        _ task: DiffTask, threads: Threads, memory: Int = MachineMemory().share(),
        planned: @escaping (MemoryPlan) -> Void = { _ in }
    ) throws {
        try self.init(task, threads: threads, memory: memory, streamedDictionaries: nil, planned: planned)
    }

    /// Leaves the last `streamedDictionaries` in their files or, where that is nil, those without room in memory.
    init(
        _ task: DiffTask, threads: Threads, memory: Int, streamedDictionaries: Int?,
        planned: @escaping (MemoryPlan) -> Void
    ) throws {
        self.task = task
        self.threads = threads
        self.memory = memory
        self.planned = planned
        let depth = task.hooks.map(\.point.blocksBelow).max() ?? 0
        let base = try Checkpoint(task.base.path)
        let adapted = task.tuned.indices.filter { task.tuned[$0].form == .adapter }
        let adapters = try adapted.map { try LoRAAdapter(task.tuned[$0].input.path, for: base.config) }
        let whole = task.tuned.indices.filter { task.tuned[$0].form == .checkpoint }
        let tuned = try whole.map { index in
            let checkpoint = try Checkpoint(task.tuned[index].input.path)
            try CheckpointFit.check(checkpoint, base: base)
            return checkpoint
        }
        backend = try Llama(base, adapters: adapters, checkpoints: tuned, depth: depth, threads: threads)
        checkpoints = [0] + (adapted + whole).map { $0 + 1 }
        let (forward, width) = (backend.memory, base.config.hiddenSize)
        needs =
            if let streamedDictionaries {
                Self.needs(task, forward, width: width, threads: threads.count, streamed: streamedDictionaries)
            } else {
                Self.needs(task, forward, width: width, threads: threads.count, limit: memory)
            }
        // Before dictionaries are read into a memory that is too small for them.
        _ = try MemoryPlan(needs, limit: memory, tokens: 0, longest: 0)
        let loaded = task.hooks.count - needs.streamedDictionaries
        hooks = try task.hooks.enumerated().map { index, hook in
            let folder = hook.dictionary.path
            try DictionaryFit.check(
                SAELensFolder.describe(folder), folder: folder, point: hook.point, model: base.config)
            let dictionary =
                try index < loaded
                ? SAELensFolder.load(folder, threads: threads) : SAELensFolder.open(folder, threads: threads)
            return Hook(
                encoder: Encoder(dictionary, name: folder, threads: threads),
                accumulator: LatentAccumulator(latentCount: dictionary.latentCount, maskCount: task.masks.count),
                depth: hook.point.blocksBelow)
        }
    }

    /// Evaluates a shard. `afterBlock` is called after each block of each residual stream; it may throw to give up.
    ///
    /// Throws `InputError`, of kind `temporary` where one of its prompts has no room in memory.
    public func evaluate(_ work: ShardWork, afterBlock: () throws -> Void) throws -> ShardResult {
        try evaluate(work, batchTokens: plan(for: work).batchTokens, afterBlock: afterBlock)
    }

    /// Evaluates a shard in batches of up to `batchTokens` tokens.
    func evaluate(_ work: ShardWork, batchTokens: Int, afterBlock: () throws -> Void) throws -> ShardResult {
        var blocks = Array(repeating: LatentSums(), count: task.blockCount)
        for prompts in Self.batches(work.prompts, tokens: batchTokens) {
            try evaluate(ShardWork(index: work.index, prompts: prompts), into: &blocks, afterBlock: afterBlock)
        }
        let tokenCounts = task.masks.indices.map { mask in
            work.prompts.map { prompt in
                prompt.masks.reduce(UInt32(0)) { $0 + UInt32($1 >> UInt8(mask) & 1) }
            }
        }
        return ShardResult(shard: work.index, tokenCounts: tokenCounts, blocks: blocks)
    }

    /// Puts the rows of a batch behind those of the batches before it.
    private func evaluate(_ work: ShardWork, into blocks: inout [LatentSums], afterBlock: () throws -> Void) throws {
        let sequences = PackedSequences(work.prompts.map(\.ids))
        let masked = MaskedRows(work.prompts, in: sequences)
        try backend.run(sequences, depths: Set(hooks.map(\.depth)), afterBlock: afterBlock) { stream in
            try checkFinite(stream, shard: work.index)
            for (index, hook) in hooks.enumerated() where hook.depth == stream.depth {
                let activations = try hook.encoder.encode(stream.rows, selected: masked.rows)
                let sums = hook.accumulator.sums(activations, masked: masked, threads: threads)
                for variant in stream.variants {
                    for mask in task.masks.indices {
                        let block = task.blockIndex(checkpoint: checkpoints[variant], hook: index, mask: mask)
                        blocks[block].append(sums[mask])
                    }
                }
            }
        }
    }

    private func checkFinite(_ stream: ResidualStream, shard: Int) throws {
        guard let start = stream.rows.baseAddress, !kernels_all_finite(start, stream.rows.count) else { return }
        let checkpoint = checkpoints[stream.variants[0]]
        let input = checkpoint == 0 ? task.base : task.tuned[checkpoint - 1].input
        throw InputError(
            input.path, expected: "finite numbers in the residual stream",
            found: "infinities or NaNs after \(stream.depth) blocks in shard \(shard)",
            hint: "the checkpoint's weights overflow float32 or are damaged")
    }
}
