import Compute
import Kernels
import Models

extension CPUBackend {
    /// What a layer is computed with.
    struct Step {
        let layer: Int
        let weights: LayerWeights
        let adapter: LayerAdapter?
        let taps: TapBuffers
    }

    /// Runs one layer over a residual stream in place, whose rows the threads take in the given chunks: attention on the
    /// normalised stream, added to it, then the feed-forward layer likewise.
    func run(
        _ step: Step, over residual: UnsafeMutablePointer<Float>, sequences: PackedSequences, chunks: [Range<Int>]
    ) {
        rotary.withTables { cosines, sines in
            threads.forEach(chunks.count) { chunk, thread in
                let rows = chunks[chunk]
                projectQueryKeyValue(residual, rows, workspace.perThread[thread], step)
                rotate(rows, positions: sequences.positions, cosines: cosines, sines: sines)
            }
        }
        workspace.perThread.forEach { $0.attention.forget() }
        let window = architecture.attention.windows[step.layer]
        // Head by head, so that a thread mostly finds what it packed for the segments above.
        threads.forEach(sequences.segments.count * architecture.attention.keyValueHeadCount) { piece, thread in
            let (head, segment) = piece.quotientAndRemainder(dividingBy: sequences.segments.count)
            attend(segment, of: sequences, head: head, window: window, workspace.perThread[thread].attention)
        }
        threads.forEach(chunks.count) { chunk, thread in
            let (rows, scratch) = (chunks[chunk], workspace.perThread[thread])
            addAttention(residual, rows, scratch, step)
            addFeedForward(residual, rows, scratch, step)
        }
    }

    /// Normalises rows of the residual stream and projects them to queries, keys and values.
    private func projectQueryKeyValue(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ step: Step
    ) {
        let x = normalise(residual, rows, step.weights.vectors.attentionNorm, scratch)
        apply(
            .attentionInput, step, to: x, rows: rows.count, scratch,
            into: workspace.queryKeyValue.pointer + rows.lowerBound * queryKeyValueColumns,
            stride: queryKeyValueColumns)
    }

    private func normalise(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ weight: FloatBuffer,
        _ scratch: Workspace.ThreadScratch
    ) -> TiledRows {
        let (width, norm) = (architecture.hiddenSize, architecture.norm)
        switch norm.kind {
        case .rms:
            kernels_rms_norm(
                residual + rows.lowerBound * width, width, weight.pointer, norm.epsilon, rows.count, width,
                scratch.x.pointer)
        }
        return TiledRows(scratch.x.pointer, inner: width)
    }

    /// Rotates queries and keys by their positions.
    private func rotate(
        _ rows: Range<Int>, positions: [Int], cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        let columns = queryKeyValueColumns
        let attention = architecture.attention
        for row in rows {
            let at = positions[row] * rotary.half
            // Queries and keys stand side by side: one run over all their heads.
            kernels_rotary(
                workspace.queryKeyValue.pointer + row * columns, attention.headCount + attention.keyValueHeadCount,
                attention.headSize, cosines + at, sines + at)
        }
    }

    /// Attention of the query heads that share key and value head `head`, over one segment's tokens.
    private func attend(
        _ segment: Int, of sequences: PackedSequences, head: Int, window: Int?, _ scratch: AttentionScratch
    ) {
        let attention = architecture.attention
        let size = attention.headSize
        let columns = queryKeyValueColumns
        let group = attention.headCount / attention.keyValueHeadCount
        let keys = workspace.queryKeyValue.pointer + (attention.headCount + head) * size
        scratch.pack(
            segment, of: sequences, head: head, keys: Matrix(keys, stride: columns),
            values: Matrix(keys + attention.keyWidth, stride: columns))
        let tokens = sequences.segments[segment]
        let row = tokens.rows.lowerBound
        kernels_attention(
            workspace.queryKeyValue.pointer + row * columns + head * group * size, columns,
            workspace.attention.pointer + row * attention.queryWidth + head * group * size, attention.queryWidth,
            tokens.start, tokens.rows.count, group, size, window ?? 0, attention.scale, scratch.length,
            scratch.floats.pointer)
    }

    /// Projects what attention gave and adds it to the residual stream.
    private func addAttention(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ step: Step
    ) {
        let width = architecture.attention.queryWidth
        let x = TiledRows(scratch.x.pointer, inner: width)
        x.set(Matrix(workspace.attention.pointer + rows.lowerBound * width, stride: width), rows: rows.count)
        addOutput(.attentionOutput, step, of: x, rows, scratch, to: residual, tap: step.taps.attnOut)
        if let tap = step.taps.residMid {
            let first = rows.lowerBound * architecture.hiddenSize
            (tap.pointer + first).update(from: residual + first, count: rows.count * architecture.hiddenSize)
        }
    }

    /// The norm, SwiGLU and the way back to the residual stream.
    private func addFeedForward(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ step: Step
    ) {
        let x = normalise(residual, rows, step.weights.vectors.feedForwardNorm, scratch)
        let activated = TiledRows(scratch.activated.pointer, inner: architecture.feedForward.width)
        let adapted = lowRank(.feedForwardInput, step, of: x, rows: rows.count, scratch)
        let bias = step.weights.vectors.bias(.feedForwardInput)
        let (columns, piece) = (Workspace.gateUpColumns, LinearGroup.gateColumns)
        for first in stride(from: 0, to: activated.inner, by: piece) {
            let both = 2 * first..<2 * first + columns
            step.weights.feedForwardInput.multiply(
                x, rows: rows.count, columns: both, from: bias.map { .bias($0 + both.lowerBound) } ?? .zero,
                into: scratch.gateUp.pointer, stride: columns)
            if let adapted {
                adapted.b.multiply(
                    adapted.x, rows: rows.count, columns: both, from: .output, into: scratch.gateUp.pointer,
                    stride: columns)
            }
            switch architecture.feedForward.kind {
            case .gated(.silu):
                kernels_silu_multiply(
                    scratch.gateUp.pointer, scratch.gateUp.pointer + piece, columns, rows.count,
                    min(piece, activated.inner - first), first, activated.inner, activated.pointer)
            }
        }
        addOutput(.feedForwardOutput, step, of: activated, rows, scratch, to: residual, tap: step.taps.mlpOut)
    }

    /// Adds a group's output to rows of the residual stream. What is tapped is the output alone, computed once more: the
    /// sums of the stream begin with the stream.
    private func addOutput(
        _ group: LinearGroup, _ step: Step, of x: TiledRows, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        to residual: UnsafeMutablePointer<Float>, tap: FloatBuffer?
    ) {
        let width = architecture.hiddenSize
        let first = rows.lowerBound * width
        if let tap {
            apply(group, step, to: x, rows: rows.count, scratch, into: tap.pointer + first, stride: width)
        }
        apply(
            group, step, to: x, rows: rows.count, scratch, into: residual + first, stride: width, isAdded: true)
    }

    /// out = x · Wᵀ + bias, plus the adapter's part; with `isAdded` it is added to what is there.
    private func apply(
        _ group: LinearGroup, _ step: Step, to x: TiledRows, rows: Int, _ scratch: Workspace.ThreadScratch,
        into out: UnsafeMutablePointer<Float>, stride: Int, isAdded: Bool = false
    ) {
        let (matrix, bias) = (step.weights[group], step.weights.vectors.bias(group))
        if isAdded {
            if let bias { kernels_add_to_rows(bias, matrix.columns, rows, out, stride) }
            matrix.multiply(x, rows: rows, from: .output, into: out, stride: stride)
        } else {
            matrix.multiply(x, rows: rows, from: bias.map { .bias($0) } ?? .zero, into: out, stride: stride)
        }
        if let adapted = lowRank(group, step, of: x, rows: rows, scratch) {
            adapted.b.multiply(adapted.x, rows: rows, from: .output, into: out, stride: stride)
        }
    }

    /// x · Aᵀ of the adapter, and the B that it is to be multiplied with; nil where the adapter leaves the group as it is.
    private func lowRank(
        _ group: LinearGroup, _ step: Step, of x: TiledRows, rows: Int, _ scratch: Workspace.ThreadScratch
    ) -> (x: TiledRows, b: PackedMatrix)? {
        guard let pair = step.adapter?[group] else { return nil }
        let rank = pair.a.columns
        pair.a.multiply(x, rows: rows, into: scratch.lowRank.pointer, stride: rank)
        let tiled = TiledRows(scratch.tiledLowRank.pointer, inner: rank)
        tiled.set(Matrix(scratch.lowRank.pointer, stride: rank), rows: rows)
        return (tiled, pair.b)
    }
}
