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
    let view: kernels_bound_weights
    /// Larger than the length of any latent's weights, once they are packed.
    private(set) var largestNorm: Float = .infinity
    /// Whether there are bounds yet.
    private(set) var isPacked = false
    private let codes: UnsafeMutablePointer<UInt8>
    private let order: UnsafeMutablePointer<UInt32>
    private let centre: FloatBuffer
    private let buffers: [FloatBuffer]

    /// Takes `rows`. With `cut`, a latent matters where its pre-activation is above it; without, where it is among the
    /// largest.
    init(rows: FloatBuffer, latents: Int, width: Int, bias: FloatBuffer, cut: FloatBuffer?) {
        self.rows = rows
        latentCount = latents
        self.width = width
        codes = .allocate(capacity: kernels_bound_codes(latents, width))
        // The last panel's missing latents are zeros.
        codes.initialize(repeating: 0, count: kernels_bound_codes(latents, width))
        order = .allocate(capacity: width)
        order.initialize(repeating: 0, count: width)
        centre = FloatBuffer(width)
        let scales = FloatBuffer(kernels_bound_scales(latents, width))
        let perLatent = (0..<4).map { _ in FloatBuffer(latents) }
        buffers = [scales, bias] + perLatent + (cut.map { [$0] } ?? [])
        view = kernels_bound_weights(
            order: order, centre: centre.pointer, codes: codes, scales: scales.pointer, error: perLatent[0].pointer,
            norm: perLatent[1].pointer, slack: perLatent[2].pointer, base: perLatent[3].pointer, bias: bias.pointer,
            cut: cut.map { UnsafePointer($0.pointer) }, inner: width)
    }

    /// Makes the bounds, for rows like `x`: their mean becomes the centre, and dimensions that vary alike share a block.
    /// Bounds hold for all rows; for rows like these they are narrow.
    func pack(like x: Matrix, rows count: Int, threads: Threads) {
        let spread = centreAndSpread(x, rows: count)
        let sorted = (0..<width).sorted { (spread[$0], $1) > (spread[$1], $0) }
        let means = Array(centre.all)
        for (place, dimension) in sorted.enumerated() {
            order[place] = UInt32(dimension)
            centre.pointer[place] = means[dimension]
        }
        threads.forEachBlock(of: latentCount, size: Self.latentsPerPanel) { latents, _ in
            withUnsafePointer(to: view) {
                kernels_bound_pack(rows.pointer + latents.lowerBound * width, latents.lowerBound, latents.count, $0)
            }
        }
        largestNorm = (0..<latentCount).reduce(0) { max($0, view.norm[$1] + view.error[$1]) }
        isPacked = true
    }

    /// Writes the mean of each dimension to `centre`; returns its mean square around that.
    private func centreAndSpread(_ x: Matrix, rows: Int) -> [Double] {
        var sums = [Double](repeating: 0, count: width)
        var squares = [Double](repeating: 0, count: width)
        for row in 0..<rows {
            let row = x.pointer + row * x.stride
            for k in 0..<width {
                sums[k] += Double(row[k])
                squares[k] += Double(row[k]) * Double(row[k])
            }
        }
        return (0..<width).map { k in
            let mean = Float(sums[k] / Double(max(rows, 1)))
            // A centre that is far out would only make bounds wide.
            centre.pointer[k] = abs(mean) < 1e15 ? mean : 0
            let variance = squares[k] / Double(max(rows, 1)) - Double(mean) * Double(mean)
            return variance.isFinite ? variance : .infinity
        }
    }

    deinit {
        codes.deallocate()
        order.deallocate()
    }

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
