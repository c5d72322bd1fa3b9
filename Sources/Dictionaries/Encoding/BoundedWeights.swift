import Compute
import Kernels

/// The encoder's weights as rows of float32, and 8-bit copies from which bounds of pre-activations come.
///
/// 5 bytes a weight.
final class BoundedWeights {
    /// Latents that are packed by one piece of work.
    static let latentsPerPanel = Int(KERNELS_BOUND_PANEL)

    /// If a product of lengths, or a bias, is above this, sums might overflow float32 on the way. Nothing is bounded
    /// then: all latents of such a row are summed.
    static let mostBounded: Float = 1e37

    /// [latents, width]
    let rows: FloatBuffer
    let latentCount: Int
    let width: Int
    /// The kernels' view: pointers into the buffers below.
    let view: kernels_bound_weights
    /// Larger than the length of any latent's weights, once they are packed; infinite where a bias is out of bounds.
    private(set) var largestNorm: Float = .infinity
    /// Whether there are bounds yet.
    private(set) var isPacked = false
    private let codes: ZeroedMemory
    private let order: UnsafeMutablePointer<UInt32>
    private let centre: FloatBuffer
    private let buffers: [FloatBuffer]

    /// Takes `rows`. With `cut`, a latent matters if its pre-activation is above its cut; without, if it is among the
    /// largest.
    init(rows: FloatBuffer, latents: Int, width: Int, bias: FloatBuffer, cut: FloatBuffer?) {
        self.rows = rows
        latentCount = latents
        self.width = width
        // The last panel's missing latents are zeros.
        codes = ZeroedMemory(kernels_bound_codes(latents, width))
        order = .allocate(capacity: width)
        order.initialize(repeating: 0, count: width)
        centre = FloatBuffer(width)
        let scales = FloatBuffer(kernels_bound_scales(latents, width))
        let perLatent = (0..<4).map { _ in FloatBuffer(latents) }
        buffers = [scales, bias] + perLatent + (cut.map { [$0] } ?? [])
        view = kernels_bound_weights(
            order: order, centre: centre.pointer,
            codes: codes.start.bindMemory(to: UInt8.self, capacity: kernels_bound_codes(latents, width)),
            scales: scales.pointer, error: perLatent[0].pointer,
            norm: perLatent[1].pointer, slack: perLatent[2].pointer, base: perLatent[3].pointer, bias: bias.pointer,
            cut: cut.map { UnsafePointer($0.pointer) }, inner: width)
    }

    /// Makes the bounds, for rows like `x`: their median becomes the centre, and dimensions that vary alike share a block.
    /// Bounds hold for all rows; for rows like these they are narrow.
    func pack(like x: Matrix, rows count: Int, threads: Threads) {
        let (medians, spread) = mediansAndSpread(x, rows: count, threads)
        let sorted = (0..<width).sorted { (spread[$0], $1) > (spread[$1], $0) }
        for (place, dimension) in sorted.enumerated() {
            order[place] = UInt32(dimension)
            centre.pointer[place] = medians[dimension]
        }
        threads.forEachChunk(of: latentCount, size: Self.latentsPerPanel) { latents, _ in
            withUnsafePointer(to: view) {
                kernels_bound_pack(rows.pointer + latents.lowerBound * width, latents.lowerBound, latents.count, $0)
            }
        }
        largestNorm = (0..<latentCount).reduce(0) { largest, latent in
            guard abs(view.bias[latent]) < Self.mostBounded else { return .infinity }
            return max(largest, view.norm[latent] + view.error[latent])
        }
        isPacked = true
    }

    /// The median of each dimension, and the median distance from it: a few rows, such as those of first tokens, are
    /// hundreds of times as large as all others in a few dimensions, and would move means and variances far away.
    private func mediansAndSpread(_ x: Matrix, rows count: Int, _ threads: Threads) -> ([Float], [Float]) {
        let medians = FloatBuffer(width)
        let spread = FloatBuffer(width)
        let columns = (0..<threads.count).map { _ in FloatBuffer(count) }
        threads.forEach(width) { k, thread in
            var column = columns[thread].all
            for row in 0..<count { column[row] = x.pointer[row * x.stride + k] }
            column.sort()
            let median = count > 0 ? column[count / 2] : 0
            for row in 0..<count { column[row] = abs(column[row] - median) }
            column.sort()
            medians.pointer[k] = median
            spread.pointer[k] = count > 0 ? column[count / 2] : 0
        }
        return (Array(medians.all), Array(spread.all))
    }

    deinit {
        order.deallocate()
    }

    /// The weights of some latents, for exact products.
    func row(_ latent: UInt32) -> UnsafePointer<Float> { UnsafePointer(rows.pointer + Int(latent) * width) }

    /// The same weights, packed for dense products.
    func packed(_ threads: Threads) -> PackedMatrix {
        let matrix = PackedMatrix(columns: latentCount, inner: width)
        threads.forEachChunk(of: latentCount, size: PackedMatrix.columnAlignment) { latents, _ in
            matrix.set(rows.pointer + latents.lowerBound * width, first: latents.lowerBound, count: latents.count)
        }
        return matrix
    }
}
