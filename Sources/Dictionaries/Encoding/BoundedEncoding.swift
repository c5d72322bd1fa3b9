import Compute
import Kernels

/// Sums exactly only what can matter. It gives the same activations as all products would, bit for bit.
///
/// 8-bit products give every pre-activation an upper and a lower bound (`bounds.h`). What cannot be among the k
/// largest, or above its threshold, is dropped. The k most promising latents of each row get narrow bounds from float32
/// products. The k-th of these is a bar that all others must be able to reach. What remains gets narrow bounds as well.
/// Only what they leave undecided, and the k largest, is summed in the order of dense products.
final class BoundedEncoding: EncodingMethod {
    /// 8-bit codes that one scan goes through, in bytes: they stay in a core's cache. A scan has at most
    /// `PackedMatrix.rowsPerChunk` rows.
    private static let bytesPerScan = 600 << 10
    /// Latents between two checks that the lists have room.
    static let latentsAtOnce = 1024
    /// Where more than this share of all pairs needs float32 products, computing all of them densely is faster.
    private static let mostPairs = 0.125

    /// Many, so that weights that several rows need are read from memory once.
    static let mostRowsPerPiece = 4 * PackedMatrix.rowsPerChunk
    let rowsPerPiece = mostRowsPerPiece
    /// Whether dense products would have been faster on what was encoded so far; read between calls of `encode`.
    var isWorthwhile: Bool {
        let (pairs, rows) = scratch.reduce((0, 0)) { ($0.0 + $1.pairs, $0.1 + $1.rows) }
        return Double(pairs) <= Self.mostPairs * Double(rows) * Double(weights.latentCount)
    }

    private let dictionary: SparseAutoencoder
    private let weights: BoundedWeights
    private let k: Int
    private let rowsPerScan: Int
    private let scratch: [Scratch]

    /// Memory of one thread.
    private final class Scratch {
        let codes: CodedRows
        let halves: HalfRows
        let sums: FloatBuffer
        let heap: FloatBuffer
        let lists: CandidateLists
        /// [rows per piece]
        let lengths: FloatBuffer
        /// Pairs of one scan: the most promising of each row. Pairs of a piece: all that remain.
        var promising = PairBounds()
        var remaining = PairBounds()
        /// Pairs that came to `remaining` so far, and their rows.
        var pairs = 0
        var rows = 0

        init(width: Int, k: Int, rowsPerScan: Int, rowsPerPiece: Int) {
            codes = CodedRows(rows: rowsPerScan, width: width)
            halves = HalfRows(rows: rowsPerPiece, width: width)
            sums = FloatBuffer(rowsPerScan * (BoundedWeights.latentsPerPanel + 1))
            heap = FloatBuffer(max(k, 1))
            lists = CandidateLists(count: rowsPerScan, k: k)
            lengths = FloatBuffer(rowsPerPiece)
        }
    }

    init(_ dictionary: SparseAutoencoder, _ weights: BoundedWeights, threads: Threads) {
        self.dictionary = dictionary
        self.weights = weights
        k = dictionary.activation.largestCount ?? 0
        let tile = Int(KERNELS_BOUND_TILE)
        let fitting = Self.bytesPerScan / kernels_bound_row_codes(tile, weights.width)
        let rowsPerScan = min(PackedMatrix.rowsPerChunk, max(1, fitting) * tile)
        self.rowsPerScan = rowsPerScan
        scratch = (0..<threads.count).map { [k, rowsPerPiece] _ in
            Scratch(width: weights.width, k: k, rowsPerScan: rowsPerScan, rowsPerPiece: rowsPerPiece)
        }
    }

    func adapt(to x: Matrix, rows: Int, threads: Threads) {
        if !weights.isPacked { weights.pack(like: x, rows: rows, threads: threads) }
    }

    func encode(_ x: Matrix, rows: Int, thread: Int) -> Activations? {
        let scratch = scratch[thread]
        scratch.remaining.clear()
        scratch.halves.encode(x, rows: rows)
        for first in stride(from: 0, to: rows, by: rowsPerScan) {
            let part = Matrix(x.pointer + first * x.stride, stride: x.stride)
            scan(part, first..<min(rows, first + rowsPerScan), scratch)
        }
        scratch.remaining.tighten(weights, scratch.halves.view(from: 0), lengths: scratch.lengths.pointer)
        scratch.pairs += scratch.remaining.latents.count
        scratch.rows += rows
        var result = Activations()
        for row in 0..<rows {
            guard finish(row, x.pointer + row * x.stride, scratch, into: &result) else { return nil }
        }
        return result
    }

    /// Bounds the pre-activations of the piece's rows `range`, which begin at `x`, and adds to `remaining` what may matter.
    private func scan(_ x: Matrix, _ range: Range<Int>, _ scratch: Scratch) {
        let (rows, lists) = (range.count, scratch.lists)
        scratch.codes.encode(x, rows: rows, for: weights)
        for row in 0..<rows {
            let length = scratch.codes.lengths.pointer[row]
            // ‖x‖ + ‖y‖ is not below the length of y or of the centre, whose products must not overflow.
            let largest = length + scratch.codes.norms.pointer[row]
            let isBounded = largest * weights.largestNorm < BoundedWeights.mostBounded
            if !isBounded { scratch.codes.norms.pointer[row] = .infinity }
            scratch.lengths.pointer[range.lowerBound + row] = isBounded ? length : .infinity
        }
        lists.clear()
        for first in stride(from: 0, to: weights.latentCount, by: Self.latentsAtOnce) {
            let count = min(Self.latentsAtOnce, weights.latentCount - first)
            lists.reserve(count, rows: rows)
            withUnsafePointer(to: weights.view) { weights in
                withUnsafePointer(to: scratch.codes.view) { codes in
                    kernels_bound_select(
                        weights, first, count, codes, rows, scratch.sums.pointer, lists.rows)
                }
            }
        }
        if k > 0 { promise(range, scratch) }
        for row in 0..<rows { scratch.remaining.appendRow(lists.rows[row], from: -.infinity) }
    }

    /// Drops what cannot reach the k-th of each row's most promising latents.
    private func promise(_ range: Range<Int>, _ scratch: Scratch) {
        let lists = scratch.lists
        scratch.promising.clear()
        for row in 0..<range.count {
            lists.drop(row, below: lists.bar(row))
            scratch.promising.appendRow(lists.rows[row], from: lists.kthUpper(row))
        }
        scratch.promising.tighten(
            weights, scratch.halves.view(from: range.lowerBound),
            lengths: scratch.lengths.pointer + range.lowerBound)
        for row in 0..<range.count {
            lists.drop(row, below: scratch.promising.kthLower(row, k: k, heap: scratch.heap.pointer))
        }
    }

    /// Sums what the bounds cannot decide about, and appends the row's activations. False where a sum is not finite.
    private func finish(
        _ row: Int, _ x: UnsafePointer<Float>, _ scratch: Scratch, into result: inout Activations
    ) -> Bool {
        let pairs = scratch.remaining
        let bar = k > 0 ? pairs.kthLower(row, k: k, heap: scratch.heap.pointer) : 0
        var latents: [UInt32] = []
        for entry in pairs.entries(row) {
            let latent = pairs.latents[entry]
            let isOut =
                weights.view.cut.map { pairs.upper[entry] <= $0[Int(latent)] } ?? (pairs.upper[entry] < bar)
            if !isOut { latents.append(latent) }
        }
        var values = [Float](repeating: 0, count: latents.count)
        let rows: [UnsafePointer<Float>?] = latents.map { weights.row($0) }
        let start = latents.map { dictionary.bias.pointer[Int($0)] }
        kernels_product_columns(x, rows, latents.count, weights.width, start, &values)
        guard values.allSatisfy(\.isFinite) else { return false }
        dictionary.activation.select(latents, values, heap: scratch.heap.pointer, into: &result)
        return true
    }
}
