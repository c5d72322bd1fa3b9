import Compute
import Kernels

/// The encoder's weights as rows of float32, and 8-bit copies from which bounds of pre-activations come.
///
/// 5 bytes a weight.
final class BoundedWeights {
    /// Latents that are packed by one piece of work: a panel's.
    static let latentsPerPanel = 32

    /// [latents, width]
    let rows: FloatBuffer
    let latentCount: Int
    let width: Int
    /// The kernels' view: pointers into the buffers below.
    private(set) var view: kernels_bound_weights
    /// Larger than the length of any latent's weights.
    private(set) var largestNorm: Float = 0
    private let codes: UnsafeMutablePointer<UInt8>
    private let buffers: [FloatBuffer]

    /// Packs `rows`. With `cut`, a latent matters where its pre-activation is above it; without, where it is among the
    /// largest.
    init(rows: FloatBuffer, latents: Int, width: Int, bias: FloatBuffer, cut: FloatBuffer?, threads: Threads) {
        self.rows = rows
        latentCount = latents
        self.width = width
        codes = .allocate(capacity: kernels_bound_codes(latents, width))
        let scales = FloatBuffer(kernels_bound_scales(latents, width))
        let (error, norm, slack) = (FloatBuffer(latents), FloatBuffer(latents), FloatBuffer(latents))
        buffers = [scales, error, norm, slack, bias] + (cut.map { [$0] } ?? [])
        // The last panel's missing latents are zeros.
        codes.initialize(repeating: 0, count: kernels_bound_codes(latents, width))
        view = kernels_bound_weights(
            codes: codes, scales: scales.pointer, error: error.pointer, norm: norm.pointer, slack: slack.pointer,
            bias: bias.pointer, cut: cut.map { UnsafePointer($0.pointer) }, inner: width)
        threads.forEachBlock(of: latents, size: Self.latentsPerPanel) { latents, _ in
            withUnsafePointer(to: view) {
                kernels_bound_pack(rows.pointer + latents.lowerBound * width, latents.lowerBound, latents.count, $0)
            }
        }
        for latent in 0..<latents {
            largestNorm = max(largestNorm, norm.pointer[latent] + error.pointer[latent])
        }
    }

    deinit { codes.deallocate() }

    /// The weights of some latents, for exact products.
    func row(_ latent: UInt32) -> UnsafePointer<Float> { UnsafePointer(rows.pointer + Int(latent) * width) }

    /// The same weights, packed for dense products.
    func packed(_ threads: Threads) -> PackedMatrix {
        let matrix = PackedMatrix(columns: latentCount, inner: width)
        threads.forEachBlock(of: latentCount, size: PackedMatrix.columnAlignment) { latents, _ in
            matrix.set(rows.pointer + latents.lowerBound * width, first: latents.lowerBound, count: latents.count)
        }
        return matrix
    }
}
