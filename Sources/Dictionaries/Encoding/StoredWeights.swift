import Compute
import Dispatch
import Inputs
import Kernels
import Tensors

/// The encoder matrix as it stands in its file, [width, latents], each latent multiplied by its factor when it is read.
final class StoredWeights {
    /// Latents that one piece of work widens.
    static let latentsPerPiece = 8 * PackedMatrix.columnAlignment

    private let matrix: TensorView
    private let factors: [Float]?
    private let threads: Threads
    /// For each thread [width, latents of a piece].
    private let pieces: [FloatBuffer]
    /// A queue of its own: the kernel makes the caller wait if its queue to the disk is full.
    private let queue = DispatchQueue(label: "actdiff.read-ahead")

    var width: Int { matrix.shape[0] }
    var latentCount: Int { matrix.shape[1] }

    /// `matrix` is of two dimensions, with a factor for each of its columns.
    init(_ matrix: TensorView, factors: [Float]?, threads: Threads) {
        (self.matrix, self.factors, self.threads) = (matrix, factors, threads)
        pieces = (0..<threads.count).map { _ in FloatBuffer(matrix.shape[0] * Self.latentsPerPiece) }
    }

    /// Widens and packs the latents `range` as the first columns of `packed`.
    func read(_ range: Range<Int>, into packed: PackedMatrix) throws {
        try forEachPiece(of: range) { piece, stride, latents in
            packed.setTransposed(
                piece, stride: stride, first: latents.lowerBound - range.lowerBound, count: latents.count)
        }
    }

    /// Calls `body`, in parallel, with pieces of the latents `range`: [width, latents of the piece], and floats from one row
    /// to the next. Throws `InputError` for numbers that are not finite.
    func forEachPiece(
        of range: Range<Int>, _ body: (UnsafePointer<Float>, _ stride: Int, _ latents: Range<Int>) -> Void
    ) throws {
        let stride = Self.latentsPerPiece
        try threads.tryForEach((range.count + stride - 1) / stride) { number, thread in
            let first = range.lowerBound + number * stride
            let latents = first..<min(range.upperBound, first + stride)
            let piece = pieces[thread].pointer
            for k in 0..<width {
                let row = UnsafeMutableBufferPointer(start: piece + k * stride, count: latents.count)
                try matrix.widenRow(k, columns: latents, into: row)
                guard let start = row.baseAddress, kernels_all_finite(start, row.count) else {
                    throw InputError(matrix.place, expected: "finite numbers", found: "infinities or NaNs")
                }
                if let factors {
                    for (index, latent) in latents.enumerated() { row[index] *= factors[latent] }
                }
            }
            body(piece, stride, latents)
        }
    }

    /// Has the kernel read these latents from the file while something else is computed.
    func readAhead(_ range: Range<Int>) {
        queue.async { [matrix] in matrix.readAhead(columns: range) }
    }
}
