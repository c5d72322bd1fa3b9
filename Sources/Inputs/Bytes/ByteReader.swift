/// Reads what `ByteWriter` wrote, and believes nothing: every length is held against the bytes that are left, and
/// nothing is allocated for a count that those bytes could not fill.
public struct ByteReader {
    private let bytes: [UInt8]
    private let end: Int
    public private(set) var position: Int

    public init(_ bytes: [UInt8]) {
        self.init(bytes, in: bytes.indices)
    }

    /// Reads a part of `bytes`, which must lie within them.
    public init(_ bytes: [UInt8], in range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// Bytes not read yet.
    public var remaining: Int { end - position }

    /// The next `count` bytes.
    public mutating func raw(_ count: Int, _ what: String) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else {
            throw ByteError(what, expected: "\(count) bytes", found: "\(remaining) left")
        }
        defer { position += count }
        return bytes[position..<position + count]
    }

    /// A fixed-width integer, little-endian.
    public mutating func fixed<Value: FixedWidthInteger>(_ what: String, as type: Value.Type = Value.self) throws
        -> Value
    {
        let slice = try raw(MemoryLayout<Value>.size, what)
        return slice.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
    }

    /// A float64 from its bit pattern; any pattern is let through.
    public mutating func number(_ what: String) throws -> Double {
        Double(bitPattern: try fixed(what))
    }

    public mutating func flag(_ what: String) throws -> Bool {
        let byte: UInt8 = try fixed(what)
        guard byte <= 1 else { throw ByteError(what, expected: "0 or 1", found: "\(byte)") }
        return byte == 1
    }

    /// LEB128 in its shortest form; a longer form is refused, so that a value has one encoding.
    public mutating func varint(_ what: String) throws -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte: UInt8 = try fixed(what)
            let bits = UInt64(byte & 0x7f)
            guard shift < 63 || bits <= 1 else { break }
            value |= bits << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else { break }
                return value
            }
        }
        throw ByteError(what, expected: "a variable-length integer of 64 bits", found: "a longer or padded one")
    }

    /// A variable-length integer from 0 up to `limit`.
    public mutating func integer(_ what: String, limit: Int) throws -> Int {
        let value = try varint(what)
        guard value <= UInt64(limit) else { throw ByteError(what, expected: "0 to \(limit)", found: "\(value)") }
        return Int(value)
    }

    /// A byte array of at most `limit` bytes.
    public mutating func array(_ what: String, limit: Int) throws -> [UInt8] {
        Array(try raw(try integer("\(what).count", limit: limit), what))
    }

    /// A string of at most `limit` bytes of valid UTF-8.
    public mutating func string(_ what: String, limit: Int) throws -> String {
        let slice = try raw(try integer("\(what).count", limit: limit), what)
        guard let text = String(validating: slice, as: UTF8.self) else {
            throw ByteError(what, expected: "valid UTF-8", found: "\(slice.count) bytes that are not")
        }
        return text
    }

    /// A list of at most `limit` elements, each of at least `minimumBytes` bytes.
    public mutating func list<Element>(
        _ what: String, limit: Int, minimumBytes: Int = 1, each: (inout ByteReader) throws -> Element
    ) throws -> [Element] {
        let count = try integer("\(what).count", limit: limit)
        guard count <= remaining / minimumBytes else {
            throw ByteError(
                what, expected: "\(count) elements of \(minimumBytes) bytes or more", found: "\(remaining) bytes left")
        }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try each(&self)) }
        return elements
    }

    /// A value that may be absent.
    public mutating func optional<Value>(_ what: String, each: (inout ByteReader) throws -> Value) throws -> Value? {
        try flag("\(what) is there") ? try each(&self) : nil
    }

    /// A case of an enumeration by its name.
    public mutating func name<Value: RawRepresentable<String>>(
        _ what: String, as type: Value.Type = Value.self
    ) throws -> Value {
        let text = try string(what, limit: ByteWriter.longestName)
        guard let value = Value(rawValue: text) else {
            throw ByteError(what, expected: "the name of a \(Value.self)", found: "\"\(text)\"")
        }
        return value
    }

    /// Throws unless everything has been read.
    public func end(_ what: String) throws {
        guard remaining == 0 else {
            throw ByteError(what, expected: "nothing more", found: "\(remaining) bytes left over")
        }
    }
}
