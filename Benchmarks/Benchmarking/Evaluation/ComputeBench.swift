import Compute
import Dictionaries
import Evaluation
import Foundation
import Latents
import Models
import Prompts
import Transformers

/// Measures the two things that a shard's time goes into, the base's forward pass and the dictionary's products, against
/// what a plain matrix product reaches on the same threads.
public struct ComputeBench {
    /// Speeds of one round, in 10^9 floating-point operations a second.
    public struct Round: Sendable {
        /// Of products of 252 × 2048 with 2048 × 2048, one after the other on each thread; some after each layer.
        public var product: Double
        public var forward: Double
        /// Tokens a second of the forward pass alone.
        public var forwardTokens: Double
        public var encode: Double
        /// Prompt tokens a second of whole shards: every checkpoint, encoded and added up.
        public var shardTokens: Double
    }

    private let backend: CPUBackend
    private let encoder: Encoder
    private let evaluator: ShardEvaluator
    private let works: [ShardWork]
    private let products: ProductBench
    private let tap: Tap
    private let latents: Int

    /// Opens the base and the first hook's dictionary.
    public init(_ task: DiffTask, works: [ShardWork], threads: Threads) throws {
        let hook = task.hooks[0]
        tap = hook.point.tap
        latents = hook.latents
        backend = try CPUBackend(
            Checkpoint(task.base.path), adapters: [], depth: tap.layersNeeded, threads: threads)
        encoder = Encoder(
            try DictionaryFormats.all.open(hook.dictionary.path).encoder(threads: threads), name: hook.dictionary.path,
            threads: threads
        )
        evaluator = try ShardEvaluator(task, threads: threads)
        self.works = works
        products = ProductBench(threads)
    }

    /// Brings files and scratch into memory.
    public func warmUp() throws { _ = try round(works.prefix(1)) { _ in } }

    /// Measures everything once. `evaluated` hears of each whole shard, when it is done.
    public func round(evaluated: (ShardWork) -> Void) throws -> Round { try round(works[...], evaluated) }

    private func round(_ works: ArraySlice<ShardWork>, _ evaluated: (ShardWork) -> Void) throws -> Round {
        var (forward, encode) = (0.0, 0.0)
        for work in works {
            products.run()
            // Each prompt on its own: figures are for every token of the works.
            let sequences = PackedSequences(separate: work.prompts.map(\.ids))
            var start = ContinuousClock.now
            try backend.run(
                ForwardRequest(sequences, taps: [tap]),
                afterLayer: {
                    forward += (ContinuousClock.now - start) / .seconds(1)
                    products.run()
                    start = .now
                },
                visit: { stream in
                    let between = ContinuousClock.now
                    forward += (between - start) / .seconds(1)
                    _ = try encoder.encode(stream.rows, selected: Array(0..<sequences.ids.count))
                    encode += (ContinuousClock.now - between) / .seconds(1)
                })
        }
        let product = products.takeSpeed()
        let start = ContinuousClock.now
        for work in works {
            _ = try evaluator.evaluate(work, afterLayer: {})
            evaluated(work)
        }
        let shards = (ContinuousClock.now - start) / .seconds(1)
        let lengths = works.flatMap { $0.prompts.map(\.ids.count) }
        let tokens = lengths.reduce(0, +)
        let encoding = 2.0 * Double(tokens) * Double(backend.architecture.hiddenSize) * Double(latents)
        return Round(
            product: product, forward: operations(lengths) / forward / 1e9,
            forwardTokens: Double(tokens) / forward, encode: encoding / encode / 1e9,
            shardTokens: Double(tokens) / shards)
    }

    /// Floating-point operations of the products and of causal attention, which reads half of a square.
    private func operations(_ lengths: [Int]) -> Double {
        let architecture = backend.architecture
        let weights = architecture.linears.reduce(0) {
            $0 + architecture.outputWidth(of: $1) * architecture.inputWidth(of: $1.group)
        }
        let heads = Double(architecture.attention.queryWidth)
        return architecture.attention.windows.prefix(tap.layersNeeded).reduce(0.0) { sum, window in
            lengths.reduce(sum) { sum, length in
                let pairs = (0..<length).reduce(0) { $0 + min($1 + 1, window ?? Int.max) }
                return sum + 2 * Double(length) * Double(weights) + 4 * Double(pairs) * heads
            }
        }
    }
}
