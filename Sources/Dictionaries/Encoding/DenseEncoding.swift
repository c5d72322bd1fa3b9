import Compute

/// Computes every pre-activation.
final class DenseEncoding: EncodingMethod {
    let rowsPerPiece = PackedMatrix.rowsPerBlock
    private let products: DenseProducts
    private let scratch: [FloatBuffer]

    init(_ dictionary: SparseAutoencoder, _ weights: PackedMatrix, threads: Threads) {
        products = DenseProducts(dictionary: dictionary, weights: weights, first: 0)
        let floats = DenseProducts.scratch(rows: rowsPerPiece, latents: dictionary.latentCount)
        scratch = (0..<threads.count).map { _ in FloatBuffer(floats) }
    }

    func adapt(to x: Matrix, rows: Int, threads: Threads) {}

    func encode(_ x: Matrix, rows: Int, thread: Int) -> Activations? {
        let dictionary = products.dictionary
        var selection = Selection(dictionary.activation, rows: rows)
        let isFinite = products.select(
            dictionary.latentCount, of: x, rows: rows, scratch: scratch[thread].pointer, into: &selection)
        return isFinite ? selection.finish() : nil
    }
}
