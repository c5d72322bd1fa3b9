import Foundation
import Inputs

/// The bytes behind a tensor.
extension TensorView {
    /// Bytes of the tensor as it is stored.
    public var byteCount: Int { elementCount / type.block.elements * type.block.bytes }

    private var bytes: Range<Int> { offset..<offset + byteCount }

    /// Has the kernel read the tensor into its page cache.
    public func readAhead() { file.readAhead(bytes) }

    /// Has the kernel read some columns of all rows of a matrix whose elements stand one by one. Does nothing for others.
    public func readAhead(columns: Range<Int>) {
        guard shape.count == 2, order == .asStored, type.block.elements == 1, !columns.isEmpty, columns.lowerBound >= 0,
            columns.upperBound <= shape[1]
        else { return }
        for row in 0..<shape[0] {
            let first = offset + (row * shape[1] + columns.lowerBound) * type.block.bytes
            file.readAhead(first..<first + columns.count * type.block.bytes)
        }
    }

    /// Whether another tensor widens to the same floats because it is stored the same: type, shape, order of rows and all
    /// bytes. Reading ends where they differ. Throws `InputError` where a file cannot be read.
    public func isStoredAs(_ other: TensorView) throws -> Bool {
        guard type == other.type, shape == other.shape, order == other.order else { return false }
        if file === other.file, offset == other.offset { return true }
        var isEqual = true
        var at = other.offset
        try file.forEachPiece(of: bytes) { piece in
            try withUnsafeTemporaryAllocation(byteCount: piece.count, alignment: 64) { theirs in
                try other.file.read(from: at, into: theirs)
                if let mine = piece.baseAddress, let theirs = theirs.baseAddress {
                    isEqual = memcmp(mine, theirs, piece.count) == 0
                }
            }
            at += piece.count
            return isEqual
        }
        return isEqual
    }
}
