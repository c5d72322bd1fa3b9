import Compute
import Models

/// Memory of the forward pass between and inside blocks; grows with the largest batch seen and is then reused.
final class Workspace {
    /// [rows, queries + keys + values]
    private(set) var queryKeyValue = FloatBuffer(0)
    /// [rows, heads · head size]
    private(set) var attention = FloatBuffer(0)
    private(set) var perThread: [ThreadScratch] = []
    /// Memory of residual streams that are not in use.
    private var residuals: [FloatBuffer] = []
    private var tokens = 0
    private var longest = 0

    /// Columns of gate and up that are there at one time.
    static let gateUpColumns = 2 * ProjectionGroup.gateColumns

    /// Scratch of one thread, for the rows of a block.
    struct ThreadScratch {
        /// Tiled rows: normalised ones, or what attention gave.
        let x: FloatBuffer
        /// [rows, gateUpColumns]
        let gateUp: FloatBuffer
        /// Tiled rows of what SwiGLU gave.
        let activated: FloatBuffer
        /// [rows, rank], and the same as tiled rows.
        let lowRank: FloatBuffer
        let tiledLowRank: FloatBuffer
        let attention: AttentionScratch

        init(config: ModelConfig, rank: Int, longest: Int) {
            let sizes = Sizes(config, rank: rank)
            x = FloatBuffer(sizes.x)
            gateUp = FloatBuffer(sizes.gateUp)
            activated = FloatBuffer(sizes.activated)
            lowRank = FloatBuffer(sizes.lowRank)
            tiledLowRank = FloatBuffer(sizes.tiledLowRank)
            attention = AttentionScratch(length: longest, headSize: config.headSize)
        }

        /// Floats of all but attention's.
        struct Sizes {
            let x, gateUp, activated, lowRank, tiledLowRank: Int
            var sum: Int { x + gateUp + activated + lowRank + tiledLowRank }

            init(_ config: ModelConfig, rank: Int) {
                let rows = PackedMatrix.rowsPerBlock
                x = TiledRows.count(rows: rows, inner: max(config.hiddenSize, ProjectionGroup.output.inner(config)))
                gateUp = rows * Workspace.gateUpColumns
                activated = TiledRows.count(rows: rows, inner: config.intermediateSize)
                lowRank = rows * max(rank, 1)
                tiledLowRank = TiledRows.count(rows: rows, inner: max(rank, 1))
            }
        }
    }

    /// Makes room for a batch.
    func reserve(tokens: Int, longest: Int, config: ModelConfig, rank: Int, threads: Threads) {
        guard tokens > self.tokens || longest > self.longest || perThread.isEmpty else { return }
        self.tokens = max(tokens, self.tokens)
        self.longest = max(longest, self.longest)
        // What was there goes first: there is never more than is needed.
        (queryKeyValue, attention, perThread) = (FloatBuffer(0), FloatBuffer(0), [])
        queryKeyValue = FloatBuffer(self.tokens * ProjectionGroup.queryKeyValue.columns(config))
        attention = FloatBuffer(self.tokens * ProjectionGroup.output.inner(config))
        let longest = self.longest
        perThread = (0..<threads.count).map { _ in ThreadScratch(config: config, rank: rank, longest: longest) }
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
