import Compute
import Dictionaries
import Inputs
import Models
import Prompts
import Transformers

/// A task's checkpoints and dictionaries, open: runs shards through all of them, and encodes what hooks see.
///
/// One pass serves the base and all tuned checkpoints. What is visited depends on the task and the shard alone, not on the
/// number of threads, on memory, nor on what ran before.
public final class HookedModels {
    public let threads: Threads
    public let models: ModelVariants
    private let hooks: [Hook]
    /// Bytes that it must do with, and what it takes.
    let memory: Int
    let needs: MemoryPlan.Needs
    /// The plan for the largest shard so far.
    private(set) var plan: MemoryPlan?
    private let planned: (MemoryPlan) -> Void

    private struct Hook {
        let encoder: Encoder
        let tap: Tap
    }

    /// How much memory, and what it is for besides models and dictionaries.
    public struct Room: Sendable {
        /// Bytes, for everything.
        public var memory: Int
        /// Bytes that are kept free for results.
        public var results = MemoryPlan.Needs().results
        /// Bytes for each token of a batch that the kind of work keeps of it.
        public var perToken = 0
        /// How many dictionaries to leave in their files: the last that can be left. Nil: those without room in memory.
        public var streamedDictionaries: Int?

        /// So much for everything.
        public init(memory: Int) { self.memory = memory }
    }

    /// Opens what the inputs name, a dictionary for each hook, and checks that it fits together. Digests are checked by
    /// `HeldInputs`.
    ///
    /// `planned` hears how memory is used: with the first shard, and again when a larger one needs another plan. Throws
    /// `InputError` if the memory is too little for any shard. `step` is called each time that it got on with opening; what it
    /// throws ends that.
    public init(
        _ inputs: TaskInputs, hooks described: [EvaluatedHook], threads: Threads, room: Room,
        formats: DictionaryFormats = .all, step: () throws -> Void = {},
        planned: @escaping (MemoryPlan) -> Void = { _ in }
    ) throws {
        self.threads = threads
        self.planned = planned
        memory = room.memory
        let taps = Set(described.map(\.point.tap))
        models = try ModelVariants(inputs, taps: taps, threads: threads, step: step)
        let architecture = models.base.architecture
        var sizes = EvaluationSizes(
            hooks: described, forward: models.backend.memory(for: taps), width: architecture.hiddenSize,
            threads: threads.count)
        sizes.keptPerToken = room.perToken
        var needs =
            if let streamed = room.streamedDictionaries {
                sizes.needs(streamed: streamed)
            } else {
                sizes.needs(limit: room.memory)
            }
        needs.results = room.results
        self.needs = needs
        // Before dictionaries are read into a memory that is too small for them.
        _ = try MemoryPlan(needs, limit: room.memory, tokens: 0, longest: 0)
        let streamed = sizes.streamed(last: needs.streamedDictionaries)
        hooks = try described.enumerated().map { index, hook in
            try step()
            let dictionary = try formats.open(hook.dictionary.path)
            try DictionaryFit.check(dictionary, point: hook.point, model: architecture)
            try DictionaryFit.check(dictionary, is: hook)
            return Hook(
                encoder: Encoder(
                    try dictionary.encoder(isLoaded: !streamed.contains(index), threads: threads),
                    name: dictionary.path, threads: threads),
                tap: hook.point.tap)
        }
    }

    /// Whole prompts of a shard that are run at once.
    public struct Batch {
        public let prompts: [PromptTokens]
        /// Their masked tokens.
        public let masked: MaskedRows
        let sequences: PackedSequences
    }

    /// What a hook sees of a batch, under checkpoints that are the same up to there.
    public struct Visit {
        /// Index of the hook.
        public let hook: Int
        /// 0 for the base, i + 1 for tuned i.
        public let checkpoints: [Int]
        /// A row for each of the batch's `masked.rows`.
        public let activations: Activations
        /// The residual stream, [rows, width] row-major; valid only during the visit.
        public let rows: UnsafeBufferPointer<Float>
        public let width: Int
    }

    /// Cuts a shard into batches that fit the memory, beside results of as many bytes as `kept` says, and gives each to `body`.
    ///
    /// Throws `InputError`, of kind `temporary` where one of its prompts has no room in memory.
    public func batches(of work: ShardWork, kept: () -> Int, _ body: (Batch) throws -> Void) throws {
        let plan = try plan(for: work)
        try batches(of: work, tokens: { try plan.batchTokens(beside: kept(), longest: $0) }, body)
    }

    /// Asks before each batch how many tokens it may have; it hears how many the longest prompt has of those that are left.
    public func batches(
        of work: ShardWork, tokens: (_ longest: Int) throws -> Int, _ body: (Batch) throws -> Void
    ) throws {
        var left = work.prompts
        while !left.isEmpty {
            let most = try tokens(left.map(\.ids.count).max() ?? 0)
            let count = ShardPlan.even(left.map(\.ids.count), upTo: most)[0].count
            let prompts = Array(left.prefix(count))
            let sequences = PackedSequences(prompts.map(\.ids))
            try body(Batch(prompts: prompts, masked: MaskedRows(prompts, in: sequences), sequences: sequences))
            left.removeFirst(count)
        }
    }

    /// Runs a batch of the shard numbered `shard`. `afterLayer` is called after each layer of each residual stream; it may
    /// throw to give up. Throws `InputError` for numbers that are not finite.
    public func run(
        _ batch: Batch, shard: Int, afterLayer: () throws -> Void, visit: (Visit) throws -> Void
    ) throws {
        let request = ForwardRequest(batch.sequences, taps: Set(hooks.map(\.tap)))
        try models.backend.run(request, afterLayer: afterLayer) { stream in
            try models.checkFinite(stream, shard: shard)
            for (index, hook) in hooks.enumerated() where hook.tap == stream.tap {
                let activations = try hook.encoder.encode(stream.rows, selected: batch.masked.rows)
                try visit(
                    Visit(
                        hook: index, checkpoints: stream.variants.map { models.checkpoints[$0] },
                        activations: activations, rows: stream.rows, width: stream.width))
            }
        }
    }

    /// Shards and prompts differ a little: plans are made for the next multiples of these.
    private static let (tokenStep, promptStep) = (1024, 64)

    /// The plan for a shard: the present one if it is large enough, else a larger one.
    public func plan(for work: ShardWork) throws -> MemoryPlan {
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
}
