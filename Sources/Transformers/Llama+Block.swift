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
            let stride = workspace.attentionStride
            apply(
                .output, step, to: Matrix(workspace.attention.pointer + rows.lowerBound * stride, stride: stride),
                rows: rows.count, scratch, into: residual + rows.lowerBound * config.hiddenSize,
                stride: config.hiddenSize, from: .output)
            feedForward(residual, rows, scratch, step)
        }
    }

    /// Normalises rows of the residual stream and projects them to queries, keys and values.
    private func projectQueryKeyValue(
        _ residual: UnsafeMutablePointer<Float>, _ rows: Range<Int>, _ scratch: Workspace.ThreadScratch,
        _ step: Step
    ) {
        let width = config.hiddenSize
        let columns = ProjectionGroup.queryKeyValue.rows(config)
        kernels_rms_norm(
            residual + rows.lowerBound * width, width, step.weights.attentionNorm.pointer, config.rmsNormEpsilon,
            rows.count, width, scratch.normed.pointer, workspace.normedStride)
        apply(
            .queryKeyValue, step, to: Matrix(scratch.normed.pointer, stride: workspace.normedStride),
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
        _ step: Step
    ) {
        let (width, inner) = (config.hiddenSize, config.intermediateSize)
        let start = residual + rows.lowerBound * width
        kernels_rms_norm(
            start, width, step.weights.mlpNorm.pointer, config.rmsNormEpsilon, rows.count, width,
            scratch.normed.pointer,
            workspace.normedStride)
        let stride = workspace.gateUpStride
        apply(
            .gateUp, step, to: Matrix(scratch.normed.pointer, stride: workspace.normedStride), rows: rows.count,
            scratch, into: scratch.gateUp.pointer, stride: stride)
        for row in 0..<rows.count {
            let gate = scratch.gateUp.pointer + row * stride
            kernels_silu_multiply(gate, gate + inner, inner, gate)
        }
        apply(
            .down, step, to: Matrix(scratch.gateUp.pointer, stride: stride), rows: rows.count, scratch,
            into: start, stride: width, from: .output)
    }

    /// out = x · Wᵀ, or out += x · Wᵀ, plus the adapter's part.
    private func apply(
        _ group: ProjectionGroup, _ step: Step, to x: Matrix, rows: Int,
        _ scratch: Workspace.ThreadScratch, into out: UnsafeMutablePointer<Float>, stride: Int,
        from start: PackedMatrix.Start = .zero
    ) {
        step.weights[group].multiply(x, rows: rows, from: start, into: out, stride: stride)
        guard let pair = step.adapter?[group] else { return }
        let rank = pair.a.columns
        pair.a.multiply(x, rows: rows, into: scratch.lowRank.pointer, stride: rank)
        pair.b.multiply(
            Matrix(scratch.lowRank.pointer, stride: rank), rows: rows, from: .output, into: out, stride: stride)
    }
}
