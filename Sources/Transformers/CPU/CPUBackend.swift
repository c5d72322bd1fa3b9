import Compute
import Inputs
import Models

/// Runs any `Architecture` on the CPU. Float32 throughout, whatever the stored type.
///
/// Layers are the outer loop and variants the inner one. Variants are the base, the base with each adapter, and whole
/// checkpoints. They share one stream up to the first layer that differs between them, and above it the weights of all
/// groups of linear layers that do not; a variant's numbers do not depend on which others run beside it.
public final class CPUBackend: Backend {
    public let architecture: Architecture
    let threads: Threads
    /// Columns of queries, keys and values together.
    let queryKeyValueColumns: Int
    /// The base and the whole checkpoints that are computed like it.
    private let models: [ModelTensors]
    private let shared: SharedWeights
    private let variants: [Variant]
    let store: WeightStore
    let rotary: RotaryTable
    let workspace: Workspace
    /// Checkpoints that are computed in another way than the base, which have nothing in common with it.
    let others: [(backend: CPUBackend, variants: [Int])]

    /// One of the things that run side by side.
    private struct Variant {
        /// Its number, as callers count variants.
        let number: Int
        /// Index into `models`.
        let model: Int
        /// By layer; nil for none.
        let adapter: [LayerAdapter?]?
    }

    /// Prepares the lowest `depth` layers: looks up and checks all their tensors, and compares those of the checkpoints.
    ///
    /// Variant 0 is `base`; then come the base with each of `adapters`, then each of `checkpoints`. Throws `InputError`
    /// where a tensor is missing or has another shape.
    public convenience init(
        _ base: Checkpoint, adapters: [LoRAAdapter], checkpoints: [Checkpoint] = [], depth: Int, threads: Threads,
        step: () throws -> Void = {}
    ) throws {
        let numbered = checkpoints.enumerated().map { ($0.offset + adapters.count + 1, $0.element) }
        try self.init([(0, base)] + numbered, adapters: adapters, depth: depth, threads: threads, step: step)
    }

    /// Takes checkpoints, at least one, with their variants' numbers; the adapters are of the first.
    private init(
        _ checkpoints: [(variant: Int, checkpoint: Checkpoint)], adapters: [LoRAAdapter], depth: Int, threads: Threads,
        step: () throws -> Void
    ) throws {
        let architecture = checkpoints[0].checkpoint.architecture
        for (_, checkpoint) in checkpoints where depth > checkpoint.architecture.layerCount {
            throw InputError(
                checkpoint.path, expected: "a hook below the model's \(checkpoint.architecture.layerCount) layers",
                found: "layer \(depth - 1)", hint: "layers count from 0")
        }
        self.architecture = architecture
        self.threads = threads
        queryKeyValueColumns = LinearGroup.attentionInput.columns(architecture)
        let alike = checkpoints.filter { $0.checkpoint.architecture.computes(like: architecture) }
        let models = try alike.map { try ModelTensors($0.checkpoint, depth: depth) }
        self.models = models
        let base = Variant(number: checkpoints[0].variant, model: 0, adapter: nil)
        let adapted = try adapters.enumerated().map { index, adapter in
            Variant(
                number: base.number + index + 1, model: 0,
                adapter: try (0..<depth).map { try LayerAdapter(adapter, layer: $0, architecture) })
        }
        let whole = alike.indices.dropFirst().map { Variant(number: alike[$0].variant, model: $0, adapter: nil) }
        variants = [base] + adapted + whole
        let different = checkpoints.filter { !$0.checkpoint.architecture.computes(like: architecture) }
        others =
            different.isEmpty
            ? []
            : [
                (
                    try CPUBackend(different, adapters: [], depth: depth, threads: threads, step: step),
                    different.map(\.variant)
                )
            ]
        shared = try SharedWeights(models, step: step)
        store = WeightStore(models, shared: shared, architecture: architecture, threads: threads)
        workspace = Workspace()
        rotary = RotaryTable(architecture.attention)
    }

    /// Bytes of all adapters' factors.
    var adapterBytes: Int { variants.compactMap(\.adapter).joined().reduce(0) { $0 + ($1?.byteCount ?? 0) } }

    var largestRank: Int {
        variants.compactMap(\.adapter).joined().reduce(0) { max($0, $1?.largestRank ?? 0) }
    }

    /// The most streams that there are at one time: those above all layers.
    var streamCount: Int {
        let embedded = groups(Array(variants.indices)) { shared.embedding[variants[$0].model] }
        return shared.layers.indices.reduce(embedded) { groups, layer in
            groups.flatMap { self.groups($0) { change($0, layer) } }
        }.count
    }

    public func run(
        _ request: ForwardRequest, afterLayer: () throws -> Void, visit: (TappedRows) throws -> Void
    ) throws {
        let tokens = request.sequences.ids.count
        // The embedding alone needs no memory for layers, whose sizes only a loaded layer has confirmed.
        if !store.loads.isEmpty {
            let longest = request.sequences.longest
            workspace.reserve(
                tokens: tokens, longest: longest, architecture: architecture, rank: largestRank, threads: threads)
            rotary.extend(to: longest)
        }
        let depth = request.taps.reduce(0) { max($0, $1.layersNeeded) }
        precondition(depth <= shared.layers.count, "layers that were not prepared")
        let chunks = threads.chunks(
            of: tokens, atMost: PackedMatrix.rowsPerChunk, multipleOf: TiledRows.rowsPerTile)
        var streams = try embeddings(request.sequences.ids)
        defer { for stream in streams { workspace.giveBack(stream.residual) } }
        for layer in 0..<depth {
            try visitStreams(streams, Tap(.residPre, layer: layer), of: request, visit)
            streams = split(streams, tokens: tokens, layer: layer)
            try run(layer, streams, request, chunks: chunks, afterLayer: afterLayer, visit: visit)
        }
        try visitStreams(streams, Tap(.residPre, layer: depth), of: request, visit)
        for other in others { try other.backend.run(request, afterLayer: afterLayer, visit: visit) }
    }

    /// Runs one layer over each stream, and visits what is tapped inside it and behind it.
    private func run(
        _ layer: Int, _ streams: [Stream], _ request: ForwardRequest, chunks: [Range<Int>],
        afterLayer: () throws -> Void, visit: (TappedRows) throws -> Void
    ) throws {
        let tokens = request.sequences.ids.count
        let taps = TapBuffers(
            request.taps, layer: layer, floats: tokens * architecture.hiddenSize, from: workspace)
        defer { taps.giveBack(to: workspace) }
        for stream in streams {
            let variant = variants[stream.variants[0]]
            let step = Step(
                layer: layer, weights: try store.weights(layer: layer, model: variant.model),
                adapter: variant.adapter?[layer], taps: taps)
            run(step, over: stream.residual.pointer, sequences: request.sequences, chunks: chunks)
            try afterLayer()
            for site in TapBuffers.sites {
                guard let rows = taps[site] else { continue }
                try visit(view(rows, of: stream, tokens: tokens, Tap(site, layer: layer)))
            }
            try visitStreams([stream], Tap(.residPost, layer: layer), of: request, visit)
        }
    }

    /// The residual stream of some variants.
    private struct Stream {
        /// Indices into `variants`, ascending; at least one.
        var variants: [Int]
        /// [tokens, hidden], and perhaps more room.
        let residual: FloatBuffer
    }

    /// Visits the streams as they are, if the request taps them here.
    private func visitStreams(
        _ streams: [Stream], _ tap: Tap, of request: ForwardRequest, _ visit: (TappedRows) throws -> Void
    ) throws {
        guard request.taps.contains(tap) else { return }
        for stream in streams {
            try visit(view(stream.residual, of: stream, tokens: request.sequences.ids.count, tap))
        }
    }

    private func view(_ rows: FloatBuffer, of stream: Stream, tokens: Int, _ tap: Tap) -> TappedRows {
        TappedRows(
            tap: tap, variants: stream.variants.map { variants[$0].number },
            rows: UnsafeBufferPointer(start: rows.pointer, count: tokens * architecture.hiddenSize),
            width: architecture.hiddenSize)
    }

    /// What decides a variant's numbers in one layer besides the stream that goes in.
    private struct Change: Hashable {
        let owners: SharedWeights.Owners
        /// The variant itself where an adapter of its own touches the layer.
        let adapted: Int?
    }

    private func change(_ variant: Int, _ layer: Int) -> Change {
        Change(
            owners: shared.layers[layer][variants[variant].model],
            adapted: variants[variant].adapter?[layer] == nil ? nil : variant)
    }

    /// Groups of variants with equal keys, which share a stream from here on; each group ascends.
    private func groups<Key: Hashable>(_ variants: [Int], by key: (Int) -> Key) -> [[Int]] {
        Dictionary(grouping: variants, by: key).values.sorted { $0[0] < $1[0] }
    }

    /// Splits a stream that several variants share if `layer` changes them in different ways. Streams of one model
    /// stand side by side, so that its weights are needed once.
    private func split(_ streams: [Stream], tokens: Int, layer: Int) -> [Stream] {
        streams.flatMap { stream in
            groups(stream.variants) { change($0, layer) }.enumerated().map { index, variants in
                guard index > 0 else { return Stream(variants: variants, residual: stream.residual) }
                let count = tokens * architecture.hiddenSize
                let copy = workspace.takeRows(count)
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
        let width = architecture.hiddenSize
        let residual = workspace.takeRows(ids.count * width)
        try threads.tryForEach(ids.count) { token, _ in
            let id = Int(ids[token])
            guard id < architecture.vocabularySize else {
                throw InputError(
                    model.path, expected: "token ids below the vocabulary size \(architecture.vocabularySize)",
                    found: "\(id)", hint: "the tokenizer belongs to another model")
            }
            let row = UnsafeMutableBufferPointer(start: residual.pointer + token * width, count: width)
            try model.embedding.widenRow(id, into: row)
        }
        return residual
    }
}
