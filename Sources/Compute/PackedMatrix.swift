import Kernels

/// The weights w [columns, inner] of products x · wᵀ, laid out for the processor's instruction set.
///
/// Packing costs about as much as reading the weights once. From some hundred rows on, products with packed weights run
/// at the speed of the processor's arithmetic. Each sum is made in the order of `inner`, in chains of 128, so a result
/// does not depend on which other rows and columns are computed with it.
public final class PackedMatrix {
    /// Where the sums of a product begin.
    public enum Start {
        case zero
        /// One float for each column.
        case bias(UnsafePointer<Float>)
        /// What the output holds.
        case output
    }

    /// Rows that callers give to one product: enough for weights to be read from memory rarely, few enough for the rows
    /// to stay in a core's cache.
    public static let rowsPerChunk = 252
    /// Ranges of columns begin at multiples of this.
    public static let columnAlignment = 64

    public let columns: Int
    public let inner: Int
    private let storage: FloatBuffer

    /// All zeros.
    public init(columns: Int, inner: Int) {
        self.columns = columns
        self.inner = inner
        storage = FloatBuffer(kernels_packed_count(columns, inner))
    }

    /// Bytes of memory that such a matrix takes.
    public static func byteCount(columns: Int, inner: Int) -> Int {
        kernels_packed_count(columns, inner) * MemoryLayout<Float>.stride
    }

    /// Sets the weights of columns `first` ..< `first + count`, given as rows of `inner` floats. Several threads may
    /// set different columns at once.
    public func set(_ rows: UnsafePointer<Float>, first: Int, count: Int) {
        precondition(first >= 0 && first + count <= columns)
        kernels_pack_rows(rows, inner, first, count, inner, storage.pointer)
    }

    /// Sets the weights of columns `first` ..< `first + count`, given transposed: [inner, ≥ count], with `stride`
    /// floats from row to row. Several threads may set different columns at once.
    public func setTransposed(_ transposed: UnsafePointer<Float>, stride: Int, first: Int, count: Int) {
        precondition(first >= 0 && first + count <= columns)
        kernels_pack_columns(transposed, stride, first, count, inner, storage.pointer)
    }

    /// Computes out [rows, columns] = start + x [rows, inner] · wᵀ on the calling thread: for all columns, or for a
    /// range whose first is a multiple of `columnAlignment`. `out` and a bias begin with the first of these columns.
    public func multiply(
        _ x: TiledRows, rows: Int, columns range: Range<Int>? = nil, from start: Start = .zero,
        into out: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let range = range ?? 0..<columns
        precondition(range.lowerBound % Self.columnAlignment == 0 && range.upperBound <= columns && x.inner == inner)
        var bias: UnsafePointer<Float>?
        var accumulates = false
        switch start {
        case .zero: break
        case .bias(let row): bias = row
        case .output: accumulates = true
        }
        // A caller that asks for a range of columns usually asks for the following range next.
        let isLast = range.upperBound % Self.columnAlignment > 0 || range.upperBound == columns
        kernels_product(
            x.pointer, rows, storage.pointer + range.lowerBound * inner, range.count, inner,
            isLast ? nil : storage.pointer + range.upperBound * inner, bias, accumulates, out, stride)
    }
}

/// Rows of floats in memory: row-major, `stride` floats from row to row.
public struct Matrix {
    /// First element.
    public let pointer: UnsafePointer<Float>
    /// Floats from one row to the next.
    public let stride: Int

    /// Wraps a matrix in memory.
    public init(_ pointer: UnsafePointer<Float>, stride: Int) {
        self.pointer = pointer
        self.stride = stride
    }

    /// A good stride for output rows of `width` floats. Rows that stand a power of two apart compete for the same few
    /// places in the cache.
    public static func stride(for width: Int) -> Int { width % 256 == 0 ? width + 16 : width }
}
