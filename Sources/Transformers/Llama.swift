import Compute
import Inputs
import Kernels
import Models

/// The Llama family on the CPU: Llama 2 and 3, Mistral, SmolLM2. Float32 throughout, whatever the stored type.
///
/// A block is RMSNorm → attention (grouped queries, rotary positions, optional sliding window) → residual, then
/// RMSNorm → SwiGLU → residual, as in transformers' `modeling_llama.py`. Blocks are the outer loop and variants the
/// inner one. Variants are the base, the base with each adapter, and whole checkpoints. They share one stream up to the
/// first block that differs between them, and above it the weights of all projection groups that do not; a variant's
/// numbers do not depend on which others run beside it.
public final class Llama: Backend {
    public let config: ModelConfig
    let threads: Threads
    /// The base and the whole checkpoints that are computed like it.
    private let models: [ModelTensors]
    private let shared: SharedWeights
    private let variants: [Variant]
    private let store: WeightStore
    let rotary: RotaryTable
    let workspace: Workspace
    /// Checkpoints that are computed in another way than the base, which have nothing in common with it.
    private let others: [(llama: Llama, variants: [Int])]

    /// One of the things that run side by side.
    private struct Variant {
        /// As those who asked for it count.
        let number: Int
        /// Index into `models`.
        let model: Int
        /// By layer; nil for none.
        let adapter: [BlockAdapter?]?
    }

    /// Prepares the blocks below `depth`: looks up and checks all their tensors, and compares those of the checkpoints.
    ///
    /// Variant 0 is `base`; then come the base with each of `adapters`, then each of `checkpoints`. Throws `InputError`
    /// where a tensor is missing or has another shape.
    public convenience init(
        _ base: Checkpoint, adapters: [LoRAAdapter], checkpoints: [Checkpoint] = [], depth: Int, threads: Threads
    ) throws {
        let numbered = checkpoints.enumerated().map { ($0.offset + adapters.count + 1, $0.element) }
        try self.init([(0, base)] + numbered, adapters: adapters, depth: depth, threads: threads)
    }

    /// Takes checkpoints, at least one, with their variants' numbers; the adapters are of the first.
    private init(
        _ checkpoints: [(variant: Int, checkpoint: Checkpoint)], adapters: [LoRAAdapter], depth: Int, threads: Threads
    ) throws {
        let config = checkpoints[0].checkpoint.config
        for (_, checkpoint) in checkpoints where depth > checkpoint.config.layerCount {
            throw InputError(
                checkpoint.path, expected: "a hook below the model's \(checkpoint.config.layerCount) blocks",
                found: "layer \(depth - 1)", hint: "layers count from 0")
        }
        self.config = config
        self.threads = threads
        let alike = checkpoints.filter { $0.checkpoint.config.computes(like: config) }
        let models = try alike.map { try ModelTensors($0.checkpoint, depth: depth) }
        self.models = models
        let base = Variant(number: checkpoints[0].variant, model: 0, adapter: nil)
        let adapted = try adapters.enumerated().map { index, adapter in
            Variant(
                number: base.number + index + 1, model: 0,
                adapter: try (0..<depth).map { try BlockAdapter(adapter, layer: $0, config: config) })
        }
        let whole = alike.indices.dropFirst().map { Variant(number: alike[$0].variant, model: $0, adapter: nil) }
        variants = [base] + adapted + whole
        let different = checkpoints.filter { !$0.checkpoint.config.computes(like: config) }
        others =
            different.isEmpty
            ? [] : [(try Llama(different, adapters: [], depth: depth, threads: threads), different.map(\.variant))]
        shared = try SharedWeights(models)
        store = WeightStore(models, shared: shared, config: config, threads: threads)
        workspace = Workspace()
        rotary = RotaryTable(config: config)
    }

    public var memory: ForwardMemory {
        var memory = ForwardMemory()
        memory.adapters = variants.compactMap(\.adapter).joined().reduce(0) { $0 + ($1?.byteCount ?? 0) }
        store.add(to: &memory)
        workspace.add(to: &memory, config: config, rank: largestRank, threads: threads)
        // Ids, positions and offsets are small beside the streams.
        memory.perToken += streamCount * config.hiddenSize * MemoryLayout<Float>.stride + 64
        memory.perTokenOfLongest += rotary.bytesPerPosition
        for other in others { memory.add(other.llama.memory) }
        return memory
    }

    private var largestRank: Int {
        variants.compactMap(\.adapter).joined().reduce(0) { max($0, $1?.largestRank ?? 0) }
    }

    /// The most streams that there are at one time: those above all blocks.
    private var streamCount: Int {
        let embedded = groups(Array(variants.indices)) { shared.embedding[variants[$0].model] }
        return shared.blocks.indices.reduce(embedded) { groups, layer in
            groups.flatMap { self.groups($0) { change($0, layer) } }
        }.count
    }

    public func run(
        _ sequences: PackedSequences, depths: Set<Int>, afterBlock: () throws -> Void,
        visit: (ResidualStream) throws -> Void
    ) throws {
        let tokens = sequences.ids.count
        // The embedding alone needs no memory for blocks, whose sizes only a loaded block has confirmed.
        if !store.blocks.isEmpty {
            workspace.reserve(
                tokens: tokens, longest: sequences.longest, config: config, rank: largestRank, threads: threads)
            rotary.extend(to: sequences.longest)
        }
        let blocks = threads.blocks(
            of: tokens, atMost: PackedMatrix.rowsPerBlock, multipleOf: TiledRows.rowsPerTile)
        var streams = try embeddings(sequences.ids)
        defer { for stream in streams { workspace.giveBack(stream.residual) } }
        for layer in 0...(depths.max() ?? 0) {
            if depths.contains(layer) {
                for stream in streams { try visit(view(stream, tokens: tokens, depth: layer)) }
            }
            guard layer < (depths.max() ?? 0) else { break }
            streams = split(streams, tokens: tokens, layer: layer)
            for stream in streams {
                let variant = variants[stream.variants[0]]
                let step = Step(
                    weights: try store.weights(layer: layer, model: variant.model), adapter: variant.adapter?[layer])
                block(stream.residual.pointer, step, sequences: sequences, blocks: blocks)
                try afterBlock()
            }
        }
        for other in others { try other.llama.run(sequences, depths: depths, afterBlock: afterBlock, visit: visit) }
    }

    /// The residual stream of some variants.
    private struct Stream {
        /// Indices into `variants`, ascending; at least one.
        var variants: [Int]
        /// [tokens, hidden], and perhaps more room.
        let residual: FloatBuffer
    }

    private func view(_ stream: Stream, tokens: Int, depth: Int) -> ResidualStream {
        ResidualStream(
            depth: depth, variants: stream.variants.map { variants[$0].number },
            rows: UnsafeBufferPointer(start: stream.residual.pointer, count: tokens * config.hiddenSize),
            width: config.hiddenSize)
    }

    /// What decides a variant's numbers in one block besides the stream that goes in.
    private struct Change: Hashable {
        let owners: SharedWeights.Owners
        /// The variant itself where an adapter of its own touches the block.
        let adapted: Int?
    }

    private func change(_ variant: Int, _ layer: Int) -> Change {
        Change(
            owners: shared.blocks[layer][variants[variant].model],
            adapted: variants[variant].adapter?[layer] == nil ? nil : variant)
    }

    /// Variants that go on together, in groups, where some shared a stream up to here; each group ascends.
    private func groups<Key: Hashable>(_ variants: [Int], by key: (Int) -> Key) -> [[Int]] {
        Dictionary(grouping: variants, by: key).values.sorted { $0[0] < $1[0] }
    }

    /// Gives variants that `layer` changes in different ways streams of their own, if they still share one. Those of a
    /// model stand side by side, so that its weights are needed once.
    private func split(_ streams: [Stream], tokens: Int, layer: Int) -> [Stream] {
        streams.flatMap { stream in
            groups(stream.variants) { change($0, layer) }.enumerated().map { index, variants in
                guard index > 0 else { return Stream(variants: variants, residual: stream.residual) }
                let count = tokens * config.hiddenSize
                let copy = workspace.takeResidual(count)
                copy.pointer.update(from: stream.residual.pointer, count: count)
                return Stream(variants: variants, residual: copy)
            }
        }.sorted { $0.variants[0] < $1.variants[0] }
    }

    /// A stream for each embedding that differs.
    private func embeddings(_ ids: [UInt32]) throws -> [Stream] {
        try groups(Array(variants.indices)) { shared.embedding[variants[$0].model] }.map { group in
            Stream(variants: group, residual: try embed(ids, models[variants[group[0]].model]))
        }
    }

    /// Embedding rows of the tokens: [tokens, hidden], and perhaps more room.
    private func embed(_ ids: [UInt32], _ model: ModelTensors) throws -> FloatBuffer {
        let width = config.hiddenSize
        let residual = workspace.takeResidual(ids.count * width)
        try threads.tryForEach(ids.count) { token, _ in
            let id = Int(ids[token])
            guard id < config.vocabularySize else {
                throw InputError(
                    model.path, expected: "token ids below the vocabulary size \(config.vocabularySize)",
                    found: "\(id)", hint: "the tokenizer belongs to another model", kind: .configuration)
            }
            let row = UnsafeMutableBufferPointer(start: residual.pointer + token * width, count: width)
            try model.embedding.widenRow(id, into: row)
        }
        return residual
    }
}
