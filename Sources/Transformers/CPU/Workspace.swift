import Compute
import Models

/// Memory of the forward pass between and inside layers; grows with the largest batch seen and is then reused.
final class Workspace {
    /// [rows, queries + keys + values]
    private(set) var queryKeyValue = FloatBuffer(0)
    /// [rows, heads · head size]
    private(set) var attention = FloatBuffer(0)
    private(set) var perThread: [ThreadScratch] = []
    /// Memory of residual streams and tapped rows that is not in use.
    private var rows: [FloatBuffer] = []
    private var tokens = 0
    private var longest = 0

    /// Columns of gate and up that are there at one time.
    static let gateUpColumns = 2 * LinearGroup.gateColumns

    /// Scratch of one thread, for a chunk of rows.
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

        init(architecture: Architecture, rank: Int, longest: Int) {
            let sizes = Sizes(architecture, rank: rank)
            x = FloatBuffer(sizes.x)
            gateUp = FloatBuffer(sizes.gateUp)
            activated = FloatBuffer(sizes.activated)
            lowRank = FloatBuffer(sizes.lowRank)
            tiledLowRank = FloatBuffer(sizes.tiledLowRank)
            attention = AttentionScratch(length: longest, headSize: architecture.attention.headSize)
        }

        /// Floats of all but attention's.
        struct Sizes {
            let x, gateUp, activated, lowRank, tiledLowRank: Int
            var sum: Int { x + gateUp + activated + lowRank + tiledLowRank }

            init(_ architecture: Architecture, rank: Int) {
                let rows = PackedMatrix.rowsPerChunk
                x = TiledRows.count(rows: rows, inner: max(architecture.hiddenSize, architecture.attention.queryWidth))
                gateUp = rows * Workspace.gateUpColumns
                activated = TiledRows.count(rows: rows, inner: architecture.feedForward.width)
                lowRank = rows * max(rank, 1)
                tiledLowRank = TiledRows.count(rows: rows, inner: max(rank, 1))
            }
        }
    }

    /// Makes room for a batch.
    func reserve(tokens: Int, longest: Int, architecture: Architecture, rank: Int, threads: Threads) {
        guard tokens > self.tokens || longest > self.longest || perThread.isEmpty else { return }
        self.tokens = max(tokens, self.tokens)
        self.longest = max(longest, self.longest)
        // The old memory is released first, so that both never exist at the same time.
        (queryKeyValue, attention, perThread) = (FloatBuffer(0), FloatBuffer(0), [])
        queryKeyValue = FloatBuffer(self.tokens * LinearGroup.attentionInput.columns(architecture))
        attention = FloatBuffer(self.tokens * architecture.attention.queryWidth)
        let longest = self.longest
        perThread = (0..<threads.count).map { _ in
            ThreadScratch(architecture: architecture, rank: rank, longest: longest)
        }
    }

    /// Memory for a residual stream or tapped rows of at least `count` floats, which may hold anything.
    func takeRows(_ count: Int) -> FloatBuffer {
        while let held = rows.popLast() {
            // Memory that is too small by now is released.
            if held.count >= count { return held }
        }
        return FloatBuffer(count)
    }

    /// Keeps memory for the next one who takes some.
    func giveBack(_ held: FloatBuffer) { rows.append(held) }
}
