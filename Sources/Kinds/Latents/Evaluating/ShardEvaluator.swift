import Compute
import Dictionaries
import Evaluation
import Inputs
import Kernels
import Models
import Prompts
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
    /// Bytes of the last shard's result, which may still be on its way.
    private var sent = 0

    private struct Hook {
        let encoder: Encoder
        let accumulator: LatentAccumulator
        let tap: Tap
    }

    /// Opens everything the task names and checks that it fits together. Digests are checked by
    /// `TaskInputs`.
    ///
    /// It takes up to `memory` bytes. `planned` hears how memory is used: with the first shard, and again when a larger one
    /// needs another plan. Throws `InputError` if the memory is too little for any shard. `step` is called each time that it
    /// got on with opening; what it throws ends that.
    public convenience init(
        _ task: DiffTask, threads: Threads, memory: Int = MachineMemory().share(),
        formats: DictionaryFormats = .all, step: () throws -> Void = {},
        planned: @escaping (MemoryPlan) -> Void = { _ in }
    ) throws {
        try self.init(
            task, threads: threads, memory: memory, streamedDictionaries: nil, formats: formats, step: step,
            planned: planned)
    }

    /// Leaves dictionaries in their files: the last `streamedDictionaries` that can be left or, if that is nil, those without
    /// room in memory. Keeps `results` bytes free.
    init(
        _ task: DiffTask, threads: Threads, memory: Int, streamedDictionaries: Int?,
        results: Int = MemoryPlan.Needs().results, formats: DictionaryFormats = .all,
        step: () throws -> Void = {}, planned: @escaping (MemoryPlan) -> Void
    ) throws {
        self.task = task
        self.threads = threads
        self.memory = memory
        self.planned = planned
        let taps = Set(task.hooks.map(\.point.tap))
        let base = try Checkpoint(task.base.path)
        let adapted = task.tuned.indices.filter { task.tuned[$0].form == .adapter }
        let adapters = try adapted.map { try LoRAAdapter(task.tuned[$0].input.path, for: base.architecture) }
        let whole = task.tuned.indices.filter { task.tuned[$0].form == .checkpoint }
        let tuned = try whole.map { index in
            let checkpoint = try Checkpoint(task.tuned[index].input.path)
            try CheckpointFit.check(checkpoint, base: base)
            return checkpoint
        }
        backend = try CPUBackend(
            base, adapters: adapters, checkpoints: tuned, depth: taps.map(\.layersNeeded).max() ?? 0, threads: threads,
            step: step)
        checkpoints = [0] + (adapted + whole).map { $0 + 1 }
        let (forward, width) = (backend.memory(for: taps), base.architecture.hiddenSize)
        var needs =
            if let streamedDictionaries {
                Self.needs(task, forward, width: width, threads: threads.count, streamed: streamedDictionaries)
            } else {
                Self.needs(task, forward, width: width, threads: threads.count, limit: memory)
            }
        needs.results = results
        self.needs = needs
        // Before dictionaries are read into a memory that is too small for them.
        _ = try MemoryPlan(needs, limit: memory, tokens: 0, longest: 0)
        let streamed = Self.streamed(task, last: needs.streamedDictionaries)
        hooks = try task.hooks.enumerated().map { index, hook in
            try step()
            let dictionary = try formats.open(hook.dictionary.path)
            try DictionaryFit.check(dictionary, point: hook.point, model: base.architecture)
            try DictionaryFit.check(dictionary, is: hook)
            return Hook(
                encoder: Encoder(
                    try dictionary.encoder(isLoaded: !streamed.contains(index), threads: threads),
                    name: dictionary.path, threads: threads),
                accumulator: LatentAccumulator(latentCount: hook.latents, maskCount: task.masks.count),
                tap: hook.point.tap)
        }
    }

    /// Evaluates a shard. `afterLayer` is called after each layer of each residual stream; it may throw to give up.
    ///
    /// Throws `InputError`, of kind `temporary` where one of its prompts has no room in memory.
    public func evaluate(_ work: ShardWork, afterLayer: () throws -> Void) throws -> ShardResult {
        let plan = try plan(for: work)
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
        var left = work.prompts
        while !left.isEmpty {
            let results = sent + tables.reduce(0) { $0 + $1.byteCount } * Self.copiesOfResults
            let tokens = try batchTokens(results, left.map(\.ids.count).max() ?? 0)
            let prompts = Self.batches(left, tokens: tokens)[0]
            try evaluate(ShardWork(index: work.index, prompts: prompts), into: &tables, afterLayer: afterLayer)
            left.removeFirst(prompts.count)
        }
        sent = tables.reduce(0) { $0 + $1.byteCount }
        let tokenCounts = task.masks.indices.map { mask in
            work.prompts.map { prompt in
                prompt.masks.reduce(UInt32(0)) { $0 + UInt32($1 >> UInt8(mask) & 1) }
            }
        }
        return ShardResult(shard: work.index, tokenCounts: tokenCounts, tables: tables)
    }

    /// Puts the rows of a batch behind those of the batches before it.
    private func evaluate(_ work: ShardWork, into tables: inout [LatentSums], afterLayer: () throws -> Void) throws {
        let sequences = PackedSequences(work.prompts.map(\.ids))
        let masked = MaskedRows(work.prompts, in: sequences)
        let request = ForwardRequest(sequences, taps: Set(hooks.map(\.tap)))
        try backend.run(request, afterLayer: afterLayer) { stream in
            try checkFinite(stream, shard: work.index)
            for (index, hook) in hooks.enumerated() where hook.tap == stream.tap {
                let activations = try hook.encoder.encode(stream.rows, selected: masked.rows)
                let sums = hook.accumulator.sums(activations, masked: masked, threads: threads)
                for variant in stream.variants {
                    for mask in task.masks.indices {
                        let table = task.tableIndex(checkpoint: checkpoints[variant], hook: index, mask: mask)
                        tables[table].append(sums[mask])
                    }
                }
            }
        }
    }

    private func checkFinite(_ stream: TappedRows, shard: Int) throws {
        guard let start = stream.rows.baseAddress, !kernels_all_finite(start, stream.rows.count) else { return }
        let checkpoint = checkpoints[stream.variants[0]]
        let input = checkpoint == 0 ? task.base : task.tuned[checkpoint - 1].input
        throw InputError(
            input.path, expected: "finite numbers in the forward pass",
            found: "infinities or NaNs at \(stream.tap) in shard \(shard)",
            hint: "the checkpoint's weights overflow float32 or are damaged")
    }
}
