import Compute
import Kernels

extension Llama {
    /// What a block is computed with.
    struct Step {
        let weights: BlockWeights
        let adapter: BlockAdapter?
    }

    /// Runs one block over a residual stream in place, whose rows the threads take in the given blocks.
    func block(
        _ residual: UnsafeMutablePointer<Float>, _ step: Step, sequences: PackedSequences, blocks: [Range<Int>]
    ) {
        rotary.withTables { cosines, sines in
            threads.forEach(blocks.count) { block, thread in
                let rows = blocks[block]
                projectQueryKeyValue(residual, rows, workspace.perThread[thread], step)
                rotate(rows, positions: sequences.positions, cosines: cosines, sines: sines)
            }
        }
        workspace.perThread.forEach { $0.attention.forget() }
        // Head by head, so that a thread mostly finds what it packed for the segments above.
        threads.forEach(sequences.segments.count * config.keyValueHeadCount) { piece, thread in
            let (head, segment) = piece.quotientAndRemainder(dividingBy: sequences.segments.count)
            attend(segment, of: sequences, head: head, workspace.perThread[thread].attention)
        }
        threads.forEach(blocks.count) { block, thread in
            let rows = blocks[block]
            let scratch = workspace.perThread[thread]
            let width = ProjectionGroup.output.inner(config)
            let x = TiledRows(scratch.x.pointer, inner: width)
            x.set(Matrix(workspace.attention.pointer + rows.lowerBound * width, stride: width), rows: rows.count)
            apply(
                .output, step, to: x, rows: rows.count, scratch,
                into: residual + rows.lowerBound * config.hiddenSize, stride: config.hiddenSize, from: .output)
            feedForward(residual, rows, scratch, step)
        }
    }

    /// Normalises rows of the residual stream and projects them to queries, keys and values.
    private func projectQueryKeyValue(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ step: Step
    ) {
        let columns = ProjectionGroup.queryKeyValue.columns(config)
        let x = normalise(residual, rows, step.weights.attentionNorm, scratch)
        apply(
            .queryKeyValue, step, to: x, rows: rows.count, scratch,
            into: workspace.queryKeyValue.pointer + rows.lowerBound * columns, stride: columns)
    }

    private func normalise(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ weight: FloatBuffer,
        _ scratch: Workspace.ThreadScratch
    ) -> TiledRows {
        let width = config.hiddenSize
        kernels_rms_norm(
            residual + rows.lowerBound * width, width, weight.pointer, config.rmsNormEpsilon, rows.count, width,
            scratch.x.pointer)
        return TiledRows(scratch.x.pointer, inner: width)
    }

    /// Rotates queries and keys by their positions.
    private func rotate(
        _ rows: Range<Int>, positions: [Int], cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>
    ) {
        let columns = ProjectionGroup.queryKeyValue.columns(config)
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
        let columns = ProjectionGroup.queryKeyValue.columns(config)
        let width = ProjectionGroup.output.inner(config)
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
        _ step: Step
    ) {
        let x = normalise(residual, rows, step.weights.mlpNorm, scratch)
        let activated = TiledRows(scratch.activated.pointer, inner: config.intermediateSize)
        let adapted = lowRank(.gateUp, step, of: x, rows: rows.count, scratch)
        let (columns, piece) = (Workspace.gateUpColumns, ProjectionGroup.gateColumns)
        for first in stride(from: 0, to: activated.inner, by: piece) {
            let both = 2 * first..<2 * first + columns
            step.weights.gateUp.multiply(
                x, rows: rows.count, columns: both, into: scratch.gateUp.pointer, stride: columns)
            if let adapted {
                adapted.b.multiply(
                    adapted.x, rows: rows.count, columns: both, from: .output, into: scratch.gateUp.pointer,
                    stride: columns)
            }
            kernels_silu_multiply(
                scratch.gateUp.pointer, scratch.gateUp.pointer + piece, columns, rows.count,
                min(piece, activated.inner - first), first, activated.inner, activated.pointer)
        }
        apply(
            .down, step, to: activated, rows: rows.count, scratch,
            into: residual + rows.lowerBound * config.hiddenSize, stride: config.hiddenSize, from: .output)
    }

    /// out = x · Wᵀ, or out += x · Wᵀ, plus the adapter's part.
    private func apply(
        _ group: ProjectionGroup, _ step: Step, to x: TiledRows, rows: Int,
        _ scratch: Workspace.ThreadScratch, into out: UnsafeMutablePointer<Float>, stride: Int,
        from start: PackedMatrix.Start = .zero
    ) {
        step.weights[group].multiply(x, rows: rows, from: start, into: out, stride: stride)
        if let adapted = lowRank(group, step, of: x, rows: rows, scratch) {
            adapted.b.multiply(adapted.x, rows: rows, from: .output, into: out, stride: stride)
        }
    }

    /// x · Aᵀ of the adapter, and the B that it is to be multiplied with; nil where the adapter leaves the group as it is.
    private func lowRank(
        _ group: ProjectionGroup, _ step: Step, of x: TiledRows, rows: Int, _ scratch: Workspace.ThreadScratch
    ) -> (x: TiledRows, b: PackedMatrix)? {
        guard let pair = step.adapter?[group] else { return nil }
        let rank = pair.a.columns
        pair.a.multiply(x, rows: rows, into: scratch.lowRank.pointer, stride: rank)
        let tiled = TiledRows(scratch.tiledLowRank.pointer, inner: rank)
        tiled.set(Matrix(scratch.lowRank.pointer, stride: rank), rows: rows)
        return (tiled, pair.b)
    }
}
