import Compute
import Kernels

/// Computes every pre-activation: latents in chunks, whose pre-activations are selected from while they are in the cache.
final class DenseEncoding: EncodingMethod {
    /// Latents of one product.
    private static let latentsPerChunk = 8 * PackedMatrix.columnAlignment

    let rowsPerPiece = PackedMatrix.rowsPerBlock
    private let dictionary: SparseAutoencoder
    private let weights: PackedMatrix
    /// For each thread [rows per piece, latents per chunk].
    private let scratch: [FloatBuffer]

    init(_ dictionary: SparseAutoencoder, _ weights: PackedMatrix, threads: Threads) {
        self.dictionary = dictionary
        self.weights = weights
        let latents = min(Self.latentsPerChunk, dictionary.latentCount)
        scratch = (0..<threads.count).map { [rowsPerPiece] _ in FloatBuffer(rowsPerPiece * latents) }
    }

    func adapt(to x: Matrix, rows: Int, threads: Threads) {}

    func encode(_ x: Matrix, rows: Int, thread: Int) -> Activations? {
        let z = scratch[thread].pointer
        var selection = Selection(dictionary.activation, rows: rows)
        var first = 0
        while first < dictionary.latentCount {
            let count = min(Self.latentsPerChunk, dictionary.latentCount - first)
            weights.multiply(
                x, rows: rows, columns: first..<first + count, from: .bias(dictionary.bias.pointer + first), into: z,
                stride: count)
            guard kernels_all_finite(z, rows * count) else { return nil }
            selection.take(z, first: first, count: count)
            first += count
        }
        return selection.finish()
    }
}
