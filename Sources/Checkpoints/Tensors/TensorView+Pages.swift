import Foundation
import Inputs

/// The memory behind a tensor: pages of a mapped file, which come when they are read and go when they are given back.
extension TensorView {
    /// Bytes of the tensor as it is stored.
    public var byteCount: Int { elementCount / type.block.elements * type.block.bytes }

    private var bytes: Range<Int> { offset..<offset + byteCount }

    /// Tells the kernel how the tensor will be read, or that it was.
    public func advise(_ advice: MappedFile.Advice) { file.advise(advice, bytes) }

    /// Has the kernel read some columns of all rows of a matrix whose elements stand one by one. Does nothing for others.
    public func readAhead(columns: Range<Int>) {
        guard shape.count == 2, order == .asStored, type.block.elements == 1, !columns.isEmpty, columns.lowerBound >= 0,
            columns.upperBound <= shape[1]
        else { return }
        for row in 0..<shape[0] {
            let first = offset + (row * shape[1] + columns.lowerBound) * type.block.bytes
            file.advise(.readAhead, first..<first + columns.count * type.block.bytes)
        }
    }

    /// Whether another tensor widens to the same floats because it is stored the same: type, shape, order of rows and all
    /// bytes. Reading ends where they differ, and what was read is given back.
    public func isStoredAs(_ other: TensorView) -> Bool {
        guard type == other.type, shape == other.shape, order == other.order else { return false }
        if file === other.file, offset == other.offset { return true }
        var isEqual = true
        var at = other.offset
        file.forEachPiece(of: bytes) { piece in
            let range = at..<at + piece.count
            at = range.upperBound
            if let mine = piece.baseAddress, let others = other.file.bytes[range].base.baseAddress {
                isEqual = memcmp(mine, others + range.lowerBound, piece.count) == 0
            }
            other.file.advise(.giveBack, range)
            return isEqual
        }
        return isEqual
    }
}
