import Inputs

/// Rows of a matrix, or parts of them, here and there.
extension TensorView {
    /// Writes one row of a matrix; `destination` must hold exactly one row. Throws `InputError`.
    public func widenRow(_ row: Int, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try requireWidenable()
        guard shape.count == 2 else { throw InputError(place, expected: "a matrix", found: "shape \(shape)") }
        guard row >= 0, row < shape[0] else {
            throw InputError(place, expected: "a row of shape \(shape)", found: "row \(row)")
        }
        try require(room: shape[1], in: destination)
        try widenStored(from: order.storedRow(row) * shape[1], into: destination)
    }

    /// Writes some columns of one row of a matrix; `destination` must hold exactly those. Of a type that is stored in
    /// blocks they must be whole ones.
    public func widenRow(
        _ row: Int, columns: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try requireWidenable()
        guard shape.count == 2, row >= 0, row < shape[0], columns.lowerBound >= 0, columns.upperBound <= shape[1] else {
            throw InputError(place, expected: "a part of shape \(shape)", found: "row \(row), columns \(columns)")
        }
        try require(room: columns.count, in: destination)
        try widenStored(from: order.storedRow(row) * shape[1] + columns.lowerBound, into: destination)
    }
}
