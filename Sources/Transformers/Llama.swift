import Checkpoints
import Compute
import Inputs
import Kernels

/// The Llama family on the CPU: Llama 2 and 3, Mistral, SmolLM2. Float32 throughout, whatever the stored type.
///
/// A block is RMSNorm → attention (grouped queries, rotary positions, optional sliding window) → residual, then
/// RMSNorm → SwiGLU → residual, as in transformers' `modeling_llama.py`. Blocks are the outer loop and variants the
/// inner one: each block's weights are widened once for all of them, and variants that no adapter has touched yet share
/// one stream. A variant's numbers do not depend on which others run beside it.
public final class Llama: Backend {
    public let config: ModelConfig
    private let checkpoint: Checkpoint
    private let threads: Threads
    private let embedding: TensorView
    private let blocks: [BlockTensors]
    /// `adapters[variant - 1][layer]`
    private let adapters: [[BlockAdapter?]]
    private let weights: BlockWeights
    private let rotary: RotaryTable
    private let workspace: Workspace

    /// Prepares the blocks below `depth`, plain and with each of `adapters`; looks up and checks all their tensors.
    public init(_ checkpoint: Checkpoint, adapters: [LoRAAdapter], depth: Int, threads: Threads) throws {
        let config = checkpoint.config
        guard depth <= config.layerCount else {
            throw InputError(
                checkpoint.path, expected: "a hook below the model's \(config.layerCount) blocks",
                found: "layer \(depth - 1)", hint: "layers count from 0")
        }
        self.checkpoint = checkpoint
        self.config = config
        self.threads = threads
        embedding = try checkpoint.tensor(
            "model.embed_tokens.weight", shape: [config.vocabularySize, config.hiddenSize])
        blocks = try (0..<depth).map { try BlockTensors(checkpoint, layer: $0) }
        self.adapters = try adapters.map { adapter in
            try (0..<depth).map { try BlockAdapter(adapter, layer: $0, config: config) }
        }
        weights = BlockWeights(config: config)
        workspace = Workspace(config: config)
        rotary = RotaryTable(config: config)
    }

    public func run(
        _ sequences: PackedSequences, depths: Set<Int>, afterBlock: () throws -> Void,
        visit: (ResidualStream) throws -> Void
    ) throws {
        let tokens = sequences.ids.count
        let rank = adapters.joined().reduce(0) { max($0, $1?.largestRank ?? 0) }
        // The embedding alone needs no memory for blocks, whose sizes only a loaded block has confirmed.
        if !blocks.isEmpty {
            workspace.reserve(
                tokens: tokens, longest: sequences.longest, config: config, rank: rank, threads: threads)
            rotary.extend(to: sequences.longest)
        }
        var streams = [Stream(variants: Array(0...adapters.count), residual: try embed(sequences.ids))]
        for layer in 0...(depths.max() ?? 0) {
            if depths.contains(layer) {
                for stream in streams { try visit(stream.view(depth: layer, width: config.hiddenSize)) }
            }
            guard layer < (depths.max() ?? 0) else { break }
            try weights.load(blocks[layer], threads: threads)
            streams = streams.flatMap { split($0, layer: layer) }
            for stream in streams {
                block(
                    stream.residual.pointer, adapter: stream.variants.first.flatMap { adapter($0, layer) },
                    sequences: sequences)
                try afterBlock()
            }
        }
    }

    /// The residual stream of some variants.
    private struct Stream {
        var variants: [Int]
        let residual: FloatBuffer

        func view(depth: Int, width: Int) -> ResidualStream {
            ResidualStream(
                depth: depth, variants: variants, rows: UnsafeBufferPointer(residual.all), width: width)
        }
    }

    private func adapter(_ variant: Int, _ layer: Int) -> BlockAdapter? {
        variant == 0 ? nil : adapters[variant - 1][layer]
    }

    /// Gives each variant that an adapter touches in `layer` a stream of its own, if it still shares one.
    private func split(_ stream: Stream, layer: Int) -> [Stream] {
        guard stream.variants.count > 1 else { return [stream] }
        let touched = stream.variants.filter { adapter($0, layer) != nil }
        let untouched = stream.variants.filter { adapter($0, layer) == nil }
        var parts = untouched.isEmpty ? [] : [Stream(variants: untouched, residual: stream.residual)]
        for variant in touched {
            let isFirst = parts.isEmpty
            let residual = isFirst ? stream.residual : FloatBuffer(stream.residual.count)
            if !isFirst { residual.pointer.update(from: stream.residual.pointer, count: residual.count) }
            parts.append(Stream(variants: [variant], residual: residual))
        }
        return parts
    }

    /// Embedding rows of the tokens: [tokens, hidden].
    private func embed(_ ids: [UInt32]) throws -> FloatBuffer {
        let width = config.hiddenSize
        let residual = FloatBuffer(ids.count * width)
        try threads.tryForEach(ids.count) { token, _ in
            let id = Int(ids[token])
            guard id < config.vocabularySize else {
                throw InputError(
                    checkpoint.path, expected: "token ids below the vocabulary size \(config.vocabularySize)",
                    found: "\(id)", hint: "the tokenizer belongs to another model", kind: .configuration)
            }
            let row = UnsafeMutableBufferPointer(start: residual.pointer + token * width, count: width)
            try embedding.widenRow(id, into: row)
        }
        return residual
    }

    /// Runs one block over a residual stream in place.
    private func block(
        _ residual: UnsafeMutablePointer<Float>, adapter: BlockAdapter?, sequences: PackedSequences
    ) {
        let tokens = sequences.ids.count
        let rows = threads.blockSize(
            of: tokens, atMost: PackedMatrix.rowsPerBlock, multipleOf: PackedMatrix.rowStep)
        rotary.withTables { cosines, sines in
            threads.forEachBlock(of: tokens, size: rows) { rows, thread in
                projectQueryKeyValue(residual, rows, workspace.perThread[thread], adapter)
                rotate(rows, positions: sequences.positions, cosines: cosines, sines: sines)
            }
        }
        workspace.perThread.forEach { $0.attention.forget() }
        // Head by head, so that a thread mostly finds what it packed for the segments above.
        threads.forEach(sequences.segments.count * config.keyValueHeadCount) { piece, thread in
            let (head, segment) = piece.quotientAndRemainder(dividingBy: sequences.segments.count)
            attend(segment, of: sequences, head: head, workspace.perThread[thread].attention)
        }
        threads.forEachBlock(of: tokens, size: rows) { rows, thread in
            let scratch = workspace.perThread[thread]
            let stride = workspace.attentionStride
            apply(
                .output, adapter, to: Matrix(workspace.attention.pointer + rows.lowerBound * stride, stride: stride),
                rows: rows.count, scratch, into: residual + rows.lowerBound * config.hiddenSize,
                stride: config.hiddenSize, from: .output)
            feedForward(residual, rows, scratch, adapter)
        }
    }

    /// Normalises rows of the residual stream and projects them to queries, keys and values.
    private func projectQueryKeyValue(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ adapter: BlockAdapter?
    ) {
        let width = config.hiddenSize
        let columns = ProjectionGroup.queryKeyValue.rows(config)
        kernels_rms_norm(
            residual + rows.lowerBound * width, width, weights.attentionNorm.pointer, config.rmsNormEpsilon,
            rows.count, width, scratch.normed.pointer, workspace.normedStride)
        apply(
            .queryKeyValue, adapter, to: Matrix(scratch.normed.pointer, stride: workspace.normedStride),
            rows: rows.count, scratch,
            into: workspace.queryKeyValue.pointer + rows.lowerBound * columns, stride: columns)
    }

    /// Rotates queries and keys by their positions.
    private func rotate(
        _ rows: Range<Int>, positions: [Int], cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        let columns = ProjectionGroup.queryKeyValue.rows(config)
        for row in rows {
            let at = positions[row] * rotary.half
            // Queries and keys stand side by side: one run over all their heads.
            kernels_rotary(
                workspace.queryKeyValue.pointer + row * columns, config.headCount + config.keyValueHeadCount,
                config.headSize, cosines + at, sines + at)
        }
    }

    /// Attention of the query heads that share key and value head `head`, over one segment's tokens.
    private func attend(_ segment: Int, of sequences: PackedSequences, head: Int, _ scratch: AttentionScratch) {
        let size = config.headSize
        let columns = ProjectionGroup.queryKeyValue.rows(config)
        let width = workspace.attentionStride
        let group = config.headCount / config.keyValueHeadCount
        let keys = workspace.queryKeyValue.pointer + (config.headCount + head) * size
        scratch.pack(
            segment, of: sequences, head: head, keys: Matrix(keys, stride: columns),
            values: Matrix(keys + config.keyValueHeadCount * size, stride: columns))
        let tokens = sequences.segments[segment]
        let row = tokens.rows.lowerBound
        kernels_attention(
            workspace.queryKeyValue.pointer + row * columns + head * group * size, columns,
            workspace.attention.pointer + row * width + head * group * size, width, tokens.start, tokens.rows.count,
            group, size, config.slidingWindow ?? 0, 1 / Float(size).squareRoot(), scratch.length,
            scratch.floats.pointer)
    }

    /// RMSNorm, SwiGLU and the way back to the residual stream.
    private func feedForward(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ adapter: BlockAdapter?
    ) {
        let (width, inner) = (config.hiddenSize, config.intermediateSize)
        let start = residual + rows.lowerBound * width
        kernels_rms_norm(
            start, width, weights.mlpNorm.pointer, config.rmsNormEpsilon, rows.count, width, scratch.normed.pointer,
            workspace.normedStride)
        let stride = workspace.gateUpStride
        apply(
            .gateUp, adapter, to: Matrix(scratch.normed.pointer, stride: workspace.normedStride), rows: rows.count,
            scratch, into: scratch.gateUp.pointer, stride: stride)
        for row in 0..<rows.count {
            let gate = scratch.gateUp.pointer + row * stride
            kernels_silu_multiply(gate, gate + inner, inner, gate)
        }
        apply(
            .down, adapter, to: Matrix(scratch.gateUp.pointer, stride: stride), rows: rows.count, scratch,
            into: start, stride: width, from: .output)
    }

    /// out = x · Wᵀ, or out += x · Wᵀ, plus the adapter's part.
    private func apply(
        _ group: ProjectionGroup, _ adapter: BlockAdapter?, to x: Matrix, rows: Int,
        _ scratch: Workspace.ThreadScratch, into out: UnsafeMutablePointer<Float>, stride: Int,
        from start: PackedMatrix.Start = .zero
    ) {
        weights[group].multiply(x, rows: rows, from: start, into: out, stride: stride)
        guard let pair = adapter?[group] else { return }
        let rank = pair.a.columns
        pair.a.multiply(x, rows: rows, into: scratch.lowRank.pointer, stride: rank)
        pair.b.multiply(
            Matrix(scratch.lowRank.pointer, stride: rank), rows: rows, from: .output, into: out, stride: stride)
    }
}
