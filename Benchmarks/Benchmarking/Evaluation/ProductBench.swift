import Compute

/// What matrix products alone reach: the yardstick of the other benchmarks, in small helpings among what they measure, so
/// that both meet the same state of a machine that others use as well.
final class ProductBench {
    private static let width = 2048
    private static let repeats = 4

    private let threads: Threads
    private let matrix = PackedMatrix(columns: width, inner: width)
    private let scratch: [(x: FloatBuffer, out: FloatBuffer)]
    private var operations = 0.0
    private var seconds = 0.0

    init(_ threads: Threads) {
        self.threads = threads
        scratch = (0..<threads.count).map { _ in
            let rows = PackedMatrix.rowsPerChunk
            return (
                FloatBuffer(TiledRows.count(rows: rows, inner: Self.width)),
                FloatBuffer(rows * Matrix.stride(for: Self.width))
            )
        }
    }

    /// Some products of 252 × 2048 with 2048 × 2048, one after the other on each thread.
    func run() {
        let (rows, width) = (PackedMatrix.rowsPerChunk, Self.width)
        let stride = Matrix.stride(for: width)
        let products = threads.count * Self.repeats
        let start = ContinuousClock.now
        threads.forEach(products) { _, thread in
            let (x, out) = scratch[thread]
            matrix.multiply(TiledRows(x.pointer, inner: width), rows: rows, into: out.pointer, stride: stride)
        }
        seconds += (ContinuousClock.now - start) / .seconds(1)
        operations += 2 * Double(rows * width * width) * Double(products)
    }

    /// 10^9 floating-point operations a second of all that ran since it was asked for last.
    func takeSpeed() -> Double {
        defer { (operations, seconds) = (0, 0) }
        return operations / seconds / 1e9
    }
}
