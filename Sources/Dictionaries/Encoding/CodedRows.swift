import Compute
import Kernels

/// 8-bit codes of some rows.
final class CodedRows {
    let view: kernels_bound_rows
    /// ‖x‖ and ‖y‖ of each row (`bounds.h`).
    let lengths: FloatBuffer
    let norms: FloatBuffer
    private let floats: [FloatBuffer]

    init(rows: Int, width: Int) {
        let blocks = (width + Int(KERNELS_BOUND_BLOCK) - 1) / Int(KERNELS_BOUND_BLOCK)
        let (scales, error) = (FloatBuffer(rows * blocks), FloatBuffer(rows))
        (lengths, norms) = (FloatBuffer(rows), FloatBuffer(rows))
        floats = [scales, error]
        view = kernels_bound_rows(
            codes: .allocate(capacity: kernels_bound_row_codes(rows, width)), scales: scales.pointer,
            sums: .allocate(capacity: rows * blocks), length: lengths.pointer, norm: norms.pointer,
            error: error.pointer)
    }

    deinit {
        view.codes.deallocate()
        view.sums.deallocate()
    }

    func encode(_ x: Matrix, rows: Int, for weights: BoundedWeights) {
        withUnsafePointer(to: weights.view) { weights in
            withUnsafePointer(to: view) { kernels_bound_encode(weights, x.pointer, x.stride, rows, $0) }
        }
    }
}

/// Rows as 16-bit floats.
final class HalfRows {
    private let halves: ZeroedMemory
    private let scale: FloatBuffer
    private let error: FloatBuffer
    private let width: Int

    init(rows: Int, width: Int) {
        self.width = width
        halves = ZeroedMemory(Self.byteCount(rows: rows, width: width))
        (scale, error) = (FloatBuffer(rows), FloatBuffer(rows))
    }

    /// Bytes of the halves of so many rows.
    static func byteCount(rows: Int, width: Int) -> Int {
        rows * kernels_half_stride(width) * MemoryLayout<UInt16>.stride
    }

    /// The kernels' view of the rows from `first` on.
    func view(from first: Int) -> kernels_half_rows {
        kernels_half_rows(
            halves: halves.start.assumingMemoryBound(to: UInt16.self) + first * kernels_half_stride(width),
            scale: scale.pointer + first, error: error.pointer + first)
    }

    func encode(_ x: Matrix, rows: Int) {
        withUnsafePointer(to: view(from: 0)) { kernels_half_encode(x.pointer, x.stride, rows, width, $0) }
    }
}
