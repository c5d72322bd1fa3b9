import Compute

/// What matrix products alone reach: the yardstick of the other benchmarks.
enum ProductBench {
    /// 10^9 floating-point operations a second of products of 252 × 2048 with 2048 × 2048, one after the other on each
    /// thread.
    static func round(_ threads: Threads) -> Double {
        let (rows, width, repeats) = (PackedMatrix.rowsPerBlock, 2048, 20)
        let stride = Matrix.stride(for: width)
        let matrix = PackedMatrix(columns: width, inner: width)
        let scratch = (0..<threads.count).map { _ in (FloatBuffer(rows * stride), FloatBuffer(rows * width)) }
        let start = ContinuousClock.now
        threads.forEach(threads.count * repeats) { _, thread in
            let (x, out) = scratch[thread]
            matrix.multiply(Matrix(x.pointer, stride: stride), rows: rows, into: out.pointer, stride: width)
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        return 2 * Double(rows * width * width) * Double(threads.count * repeats) / seconds / 1e9
    }
}
