import Inputs
import Kernels

/// A tensor in a file. Its bytes stay there until they are read and widened to float32.
public struct TensorView: Sendable {
    public let name: String
    /// Extents, outermost first: row-major, the last one contiguous.
    public let shape: [Int]
    public let type: StoredType
    public let file: InputFile
    /// Number of elements; 1 for a tensor without extents.
    public let elementCount: Int
    /// Where in the file its bytes begin.
    let offset: Int
    let order: RowOrder

    /// Where a row of the tensor stands in the file.
    public enum RowOrder: Sendable, Hashable {
        case asStored
        /// llama.cpp keeps the rows of a query or key head as the pairs that its rotary embedding turns, (0, h), (1, h + 1),
        /// … with h half the head size; the model's own order has the first halves of all pairs, then the second.
        case rotaryPairs(headSize: Int)

        func storedRow(_ row: Int) -> Int {
            switch self {
            case .asStored: return row
            case .rotaryPairs(let headSize):
                let (inHead, half) = (row % headSize, headSize / 2)
                return row - inHead + 2 * (inHead % half) + inHead / half
            }
        }
    }

    /// Takes a tensor whose bytes start at `offset`; throws where shape, type and file do not fit together.
    init(name: String, shape: [Int], type: StoredType, file: InputFile, offset: Int) throws {
        guard let count = Tensors.elementCount(of: shape), let size = type.byteCount(of: count),
            offset >= 0, offset <= file.size, size <= file.size - offset
        else {
            throw InputError(
                "\(file.path): \(name)", expected: "a tensor that lies inside the file",
                found: "\(type.rawValue) \(shape) at byte \(offset) of \(file.size)")
        }
        self.init(name: name, shape: shape, type: type, file: file, count: count, offset: offset, order: .asStored)
    }

    private init(
        name: String, shape: [Int], type: StoredType, file: InputFile, count: Int, offset: Int, order: RowOrder
    ) {
        (self.name, self.shape, self.type, self.file) = (name, shape, type, file)
        (elementCount, self.offset, self.order) = (count, offset, order)
    }

    /// The same bytes under another name and with another order of rows. `order` must fit the number of rows.
    public func renamed(_ name: String, order: RowOrder) -> TensorView {
        TensorView(
            name: name, shape: shape, type: type, file: file, count: elementCount, offset: offset, order: order)
    }

    /// Where the tensor stands, for an error message.
    public var place: String { "\(file.path): \(name)" }

    /// Throws unless the tensor has this shape and a type that can be widened.
    public func require(shape expected: [Int]) throws {
        guard shape == expected else {
            throw InputError(
                place, expected: "shape \(expected)", found: "shape \(shape)",
                hint: "the file belongs to a model of another size")
        }
        try requireWidenable()
    }

    /// Writes the whole tensor, row-major; `destination` must hold exactly `elementCount` floats.
    public func widen(into destination: UnsafeMutableBufferPointer<Float>) throws {
        try requireWidenable()
        try require(room: elementCount, in: destination)
        guard elementCount > 0 else { return }
        if order == .asStored {
            try widenStored(from: 0, into: destination)
        } else {
            try widenRows(0..<shape[0], into: destination)
        }
    }

    /// Writes consecutive rows of a matrix; `destination` must hold exactly that many rows.
    public func widenRows(_ rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>) throws {
        try requireWidenable()
        guard shape.count == 2 else {
            throw InputError(place, expected: "a matrix", found: "shape \(shape)")
        }
        guard rows.lowerBound >= 0, rows.upperBound <= shape[0] else {
            throw InputError(place, expected: "rows of shape \(shape)", found: "rows \(rows)")
        }
        let width = shape[1]
        try require(room: rows.count * width, in: destination)
        guard !destination.isEmpty else { return }
        if order == .asStored {
            return try widenStored(from: rows.lowerBound * width, into: destination)
        }
        for row in rows {
            let start = (row - rows.lowerBound) * width
            try widenStored(
                from: order.storedRow(row) * width,
                into: UnsafeMutableBufferPointer(rebasing: destination[start..<start + width]))
        }
    }

    /// The whole tensor as an array, row-major.
    public func floats() throws -> [Float] {
        try requireWidenable()
        return try [Float](unsafeUninitializedCapacity: elementCount) { buffer, initialized in
            try widen(into: UnsafeMutableBufferPointer(rebasing: buffer[..<elementCount]))
            initialized = elementCount
        }
    }

    func requireWidenable() throws {
        guard StoredType.widenable.contains(type) else {
            throw InputError(
                place, expected: "one of the types \(StoredType.widenable.map(\.rawValue).joined(separator: ", "))",
                found: type.rawValue)
        }
    }

    func require(room count: Int, in destination: UnsafeMutableBufferPointer<Float>) throws {
        guard destination.count == count else {
            throw InputError(place, expected: "room for \(count) floats", found: "room for \(destination.count)")
        }
    }

    /// Widens as many elements as `destination` has room for, in the order of the file. They lie inside the tensor.
    func widenStored(from first: Int, into destination: UnsafeMutableBufferPointer<Float>) throws {
        let block = type.block
        let count = destination.count
        guard first.isMultiple(of: block.elements), count.isMultiple(of: block.elements) else {
            throw InputError(
                place, expected: "rows of whole \(type.rawValue) blocks of \(block.elements)", found: "shape \(shape)")
        }
        let step = Self.bytesAtOnce / block.bytes * block.elements
        let largest = min(count, step) / block.elements * block.bytes
        try withUnsafeTemporaryAllocation(byteCount: largest, alignment: 64) { buffer in
            for start in stride(from: 0, to: count, by: step) {
                let end = min(start + step, count)
                let stored = UnsafeMutableRawBufferPointer(
                    rebasing: buffer[..<((end - start) / block.elements * block.bytes)])
                try file.read(from: offset + (first + start) / block.elements * block.bytes, into: stored)
                try widen(
                    stored: UnsafeRawBufferPointer(stored),
                    into: UnsafeMutableBufferPointer(rebasing: destination[start..<end]))
            }
        }
    }

    /// Read before they are widened: they stay in a core's cache meanwhile.
    private static let bytesAtOnce = 64 << 10

    /// Widens as many stored elements as `destination` has room for: whole blocks, all of which are there.
    func widen(stored: UnsafeRawBufferPointer, into destination: UnsafeMutableBufferPointer<Float>) throws {
        guard let source = stored.baseAddress, let target = destination.baseAddress else { return }
        let count = destination.count
        let blocks = count / type.block.elements
        switch type {
        case .bfloat16: widen_bf16(source, target, count)
        case .float16: widen_f16(source, target, count)
        case .q4_0: widen_q4_0(source, target, blocks)
        case .q4_1: widen_q4_1(source, target, blocks)
        case .q8_0: widen_q8_0(source, target, blocks)
        case .float32: UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: count * 4)
        default: try requireWidenable()
        }
    }
}
