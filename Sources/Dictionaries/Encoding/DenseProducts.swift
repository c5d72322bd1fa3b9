import Compute
import Kernels

/// Computes the pre-activations of some latents, a few hundred at a time, and selects from them while they are in the
/// cache.
struct DenseProducts {
    /// Latents of one product.
    private static let latentsAtOnce = 8 * PackedMatrix.columnAlignment

    let dictionary: SparseAutoencoder
    /// Weights of the latents from `first` on.
    let weights: PackedMatrix
    let first: Int

    /// Floats of scratch for `rows` rows.
    static func scratch(rows: Int, latents: Int) -> Int { rows * min(latentsAtOnce, latents) }

    /// Goes through the next `count` latents. False where a pre-activation is not finite.
    func select(
        _ count: Int, of x: TiledRows, rows: Int, scratch z: UnsafeMutablePointer<Float>,
        into selection: inout Selection
    ) -> Bool {
        for start in stride(from: 0, to: count, by: Self.latentsAtOnce) {
            let columns = start..<min(count, start + Self.latentsAtOnce)
            weights.multiply(
                x, rows: rows, columns: columns, from: .bias(dictionary.bias.pointer + first + start), into: z,
                stride: columns.count)
            guard kernels_all_finite(z, rows * columns.count) else { return false }
            selection.take(z, first: first + start, count: columns.count)
        }
        return true
    }
}
