import Checkpoints
import Compute

/// Memory of the forward pass between and inside blocks; grows with the largest batch seen and is then reused.
final class Workspace {
    /// [rows, queries + keys + values]
    private(set) var queryKeyValue = FloatBuffer(0)
    /// [rows, attentionStride], of which heads · head size are used
    private(set) var attention = FloatBuffer(0)
    private(set) var perThread: [ThreadScratch] = []
    /// Memory of residual streams that are not in use.
    private var residuals: [FloatBuffer] = []
    private var tokens = 0
    private var longest = 0

    /// Floats from one row of `attention` to the next.
    let attentionStride: Int
    /// Floats from one row of normalised input to the next.
    let normedStride: Int
    /// Floats from one row of gate and up to the next.
    let gateUpStride: Int

    init(config: ModelConfig) {
        attentionStride = Matrix.stride(for: ProjectionGroup.output.inner(config))
        normedStride = Matrix.stride(for: config.hiddenSize)
        gateUpStride = Matrix.stride(for: ProjectionGroup.gateUp.rows(config))
    }

    /// Scratch of one thread.
    struct ThreadScratch {
        /// [rows per block, normedStride]
        let normed: FloatBuffer
        /// [rows per block, gateUpStride]: gate and up side by side; the product of both replaces gate.
        let gateUp: FloatBuffer
        /// [rows per block, rank]
        let lowRank: FloatBuffer
        let attention: AttentionScratch
    }

    /// Makes room for a batch.
    func reserve(tokens: Int, longest: Int, config: ModelConfig, rank: Int, threads: Threads) {
        guard tokens > self.tokens || longest > self.longest || perThread.isEmpty else { return }
        self.tokens = max(tokens, self.tokens)
        self.longest = max(longest, self.longest)
        let rows = PackedMatrix.rowsPerBlock
        // What was there goes first: there is never more than is needed.
        (queryKeyValue, attention, perThread) = (FloatBuffer(0), FloatBuffer(0), [])
        queryKeyValue = FloatBuffer(self.tokens * ProjectionGroup.queryKeyValue.rows(config))
        attention = FloatBuffer(self.tokens * attentionStride)
        let longest = self.longest
        perThread = (0..<threads.count).map { _ in
            ThreadScratch(
                normed: FloatBuffer(rows * normedStride),
                gateUp: FloatBuffer(rows * gateUpStride),
                lowRank: FloatBuffer(rows * max(rank, 1)),
                attention: AttentionScratch(length: longest, headSize: config.headSize))
        }
    }

    /// Memory for a residual stream of at least `count` floats, which may hold anything.
    func takeResidual(_ count: Int) -> FloatBuffer {
        while let residual = residuals.popLast() {
            // What is too small now goes: there is never more than is needed.
            if residual.count >= count { return residual }
        }
        return FloatBuffer(count)
    }

    /// Keeps a stream's memory for the next one.
    func giveBack(_ residual: FloatBuffer) { residuals.append(residual) }
}
