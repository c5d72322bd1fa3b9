import Inputs

/// Rows here and there, read from the file itself: with the mapping, each would bring whole pages around it.
extension TensorView {
    /// Writes one row of a matrix; `destination` must hold exactly one row. Throws `InputError`, also where the file has
    /// become shorter.
    public func widenRow(_ row: Int, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try requireWidenable()
        guard shape.count == 2 else { throw InputError(place, expected: "a matrix", found: "shape \(shape)") }
        guard row >= 0, row < shape[0] else {
            throw InputError(place, expected: "a row of shape \(shape)", found: "row \(row)")
        }
        try widenElements(from: order.storedRow(row) * shape[1], count: shape[1], into: destination)
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
        try widenElements(
            from: order.storedRow(row) * shape[1] + columns.lowerBound, count: columns.count, into: destination)
    }

    /// Elements in the order of the file, all of them inside the tensor.
    private func widenElements(
        from first: Int, count: Int, into destination: UnsafeMutableBufferPointer<Float>
    ) throws {
        try require(room: count, in: destination)
        let block = type.block
        guard first.isMultiple(of: block.elements), count.isMultiple(of: block.elements) else {
            throw InputError(
                place, expected: "rows of whole \(type.rawValue) blocks of \(block.elements)", found: "shape \(shape)")
        }
        let size = count / block.elements * block.bytes
        try withUnsafeTemporaryAllocation(byteCount: size, alignment: 64) { stored in
            try file.read(from: offset + first / block.elements * block.bytes, into: stored)
            try widen(stored: UnsafeRawBufferPointer(stored), into: destination)
        }
    }
}
