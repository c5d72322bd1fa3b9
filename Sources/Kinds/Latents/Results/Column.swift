import CLZ4
import Inputs

/// One column of a frame: numbers of one width, byte-shuffled and compressed with LZ4 where that makes them smaller.
///
/// Shuffled means that first come the lowest bytes of all numbers, then the second lowest, and so on: bytes that are
/// alike stand together, such as the empty upper bytes of small counts and the exponents of sums.
package enum Column {
    /// How the bytes of a column are kept.
    private enum Form: UInt8 {
        case stored = 0
        case lz4 = 1
    }

    /// LZ4 (block format) cannot make data smaller than by this factor.
    private static let largestRatio = 255

    /// Writes form, length and bytes.
    static func write<Value: FixedWidthInteger>(
        _ values: [Value], compressing: Bool, to writer: inout ByteWriter
    ) {
        let shuffled = shuffle(values)
        if compressing, let compressed = compress(shuffled) {
            writer.fixed(Form.lz4.rawValue)
            writer.varint(UInt64(compressed.count))
            writer.raw(compressed)
        } else {
            writer.fixed(Form.stored.rawValue)
            writer.varint(UInt64(shuffled.count))
            writer.raw(shuffled)
        }
    }

    /// Reads a column of `count` numbers. Allocates nothing that the bytes left could not fill.
    static func read<Value: FixedWidthInteger>(
        _ what: String, count: Int, as type: Value.Type, from reader: inout ByteReader
    ) throws -> [Value] {
        let width = MemoryLayout<Value>.size
        let code: UInt8 = try reader.fixed("\(what).form")
        guard let form = Form(rawValue: code) else {
            throw ByteError("\(what).form", expected: "0 (stored) or 1 (LZ4)", found: "\(code)")
        }
        let length = try reader.integer("\(what).length", limit: ShardResultCodec.mostBytes)
        let bytes = try reader.raw(length, what)
        let largest = form == .stored ? length : length * largestRatio
        guard count <= ShardResultCodec.mostBytes / width, count * width <= largest,
            form == .lz4 || count * width == length
        else {
            throw ByteError(
                what, expected: "bytes for \(count) numbers of \(width) bytes", found: "\(length) bytes, \(form)")
        }
        switch form {
        case .stored: return unshuffle(bytes, count: count)
        case .lz4: return unshuffle(try decompress(bytes, to: count * width, what)[...], count: count)
        }
    }

    /// A column by itself, compressed.
    @specialized(where Value == UInt8)
    @specialized(where Value == UInt16)
    @specialized(where Value == UInt32)
    package static func bytes<Value: FixedWidthInteger>(of values: [Value]) -> [UInt8] {
        var writer = ByteWriter()
        write(values, compressing: true, to: &writer)
        return writer.bytes
    }

    /// The `count` numbers of a column by itself. Throws `ByteError` for anything else.
    @specialized(where Value == UInt8)
    @specialized(where Value == UInt16)
    @specialized(where Value == UInt32)
    package static func values<Value: FixedWidthInteger>(
        in bytes: [UInt8], count: Int, as type: Value.Type
    ) throws -> [Value] {
        var reader = ByteReader(bytes)
        let values = try read("column", count: count, as: type, from: &reader)
        try reader.end("column")
        return values
    }

    private static func shuffle<Value: FixedWidthInteger>(_ values: [Value]) -> [UInt8] {
        let width = MemoryLayout<Value>.size
        return [UInt8](unsafeUninitializedCapacity: values.count * width) { bytes, size in
            for plane in 0..<width {
                let start = plane * values.count
                for at in values.indices {
                    bytes.initializeElement(at: start + at, to: UInt8(truncatingIfNeeded: values[at] >> (8 * plane)))
                }
            }
            size = values.count * width
        }
    }

    /// The caller has seen that `bytes` are `count` numbers.
    private static func unshuffle<Value: FixedWidthInteger>(_ bytes: ArraySlice<UInt8>, count: Int) -> [Value] {
        var values = [Value](repeating: 0, count: count)
        bytes.withUnsafeBufferPointer { bytes in
            for plane in 0..<MemoryLayout<Value>.size {
                let start = plane * count
                for at in 0..<count {
                    values[at] |= Value(truncatingIfNeeded: bytes[start + at]) << (8 * plane)
                }
            }
        }
        return values
    }

    /// Nil where the result would not be smaller.
    private static func compress(_ bytes: [UInt8]) -> [UInt8]? {
        guard bytes.count > 1, bytes.count <= ShardResultCodec.mostBytes else { return nil }
        let compressed = [UInt8](unsafeUninitializedCapacity: bytes.count - 1) { output, size in
            let written = bytes.withUnsafeBytes { input in
                LZ4_compress_default(input.baseAddress, output.baseAddress, Int32(input.count), Int32(output.count))
            }
            size = Int(written)
        }
        return compressed.isEmpty ? nil : compressed
    }

    private static func decompress(_ bytes: ArraySlice<UInt8>, to size: Int, _ what: String) throws -> [UInt8] {
        var written: Int32 = -1
        let raw = [UInt8](unsafeUninitializedCapacity: size) { output, count in
            written = bytes.withUnsafeBytes { input in
                LZ4_decompress_safe(input.baseAddress, output.baseAddress, Int32(input.count), Int32(size))
            }
            count = max(0, Int(written))
        }
        guard written == size else {
            throw ByteError(what, expected: "\(size) bytes after decompression", found: "\(written)")
        }
        return raw
    }
}
