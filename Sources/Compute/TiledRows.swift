import Kernels

/// The left side of a product: rows of floats, laid out for the processor's instruction set. A view of memory, [rows /
/// `rowsPerTile`, inner, `rowsPerTile`] and rounded up to whole tiles.
public struct TiledRows {
    /// Rows of a tile. A view that begins at a multiple of this is a view of tiled rows as well.
    public static let rowsPerTile = kernels_tile()

    /// First element.
    public let pointer: UnsafeMutablePointer<Float>
    /// Floats of a row.
    public let inner: Int

    /// Wraps memory for as many rows as are laid out there.
    public init(_ pointer: UnsafeMutablePointer<Float>, inner: Int) {
        self.pointer = pointer
        self.inner = inner
    }

    /// Floats of memory for `rows` rows of `inner` floats.
    public static func count(rows: Int, inner: Int) -> Int { kernels_tiled_count(rows, inner) }

    /// Lays out `rows` rows.
    public func set(_ x: Matrix, rows: Int) { kernels_tile_rows(x.pointer, x.stride, rows, inner, pointer) }
}
