import Compute

/// Computes every pre-activation.
final class DenseEncoding: EncodingMethod {
    let rowsPerPiece = PackedMatrix.rowsPerChunk
    private let products: DenseProducts
    /// For each thread: tiled rows, and what products go to.
    private let tiled: [FloatBuffer]
    private let scratch: [FloatBuffer]

    init(_ dictionary: SparseAutoencoder, _ weights: PackedMatrix, threads: Threads) {
        products = DenseProducts(dictionary: dictionary, weights: weights, first: 0)
        let floats = DenseProducts.scratch(rows: rowsPerPiece, latents: dictionary.latentCount)
        let tiles = TiledRows.count(rows: rowsPerPiece, inner: dictionary.inputWidth)
        tiled = (0..<threads.count).map { _ in FloatBuffer(tiles) }
        scratch = (0..<threads.count).map { _ in FloatBuffer(floats) }
    }

    func adapt(to x: Matrix, rows: Int, threads: Threads) {}

    func encode(_ x: Matrix, rows: Int, thread: Int) -> Activations? {
        let dictionary = products.dictionary
        let tiled = TiledRows(tiled[thread].pointer, inner: dictionary.inputWidth)
        tiled.set(x, rows: rows)
        var selection = Selection(dictionary.activation, rows: rows)
        let isFinite = products.select(
            dictionary.latentCount, of: tiled, rows: rows, scratch: scratch[thread].pointer, into: &selection)
        return isFinite ? selection.finish() : nil
    }
}
