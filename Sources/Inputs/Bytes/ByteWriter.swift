/// Builds a message: little-endian numbers, variable-length counts, strings and byte arrays after their length.
///
/// Holds a value to the same bounds that the reader has, so that what cannot be read is never sent.
public struct ByteWriter {
    /// Bytes of the name of an enumeration's case.
    public static let longestName = 256

    public private(set) var bytes: [UInt8] = []

    public init(reserving capacity: Int = 0) {
        bytes.reserveCapacity(capacity)
    }

    /// A fixed-width integer, little-endian.
    public mutating func fixed(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    /// A float64 as its bit pattern.
    public mutating func number(_ value: Double) {
        fixed(value.bitPattern)
    }

    public mutating func flag(_ value: Bool) {
        bytes.append(value ? 1 : 0)
    }

    /// LEB128: seven bits a byte, the lowest first, the top bit set on all bytes but the last.
    public mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// A variable-length integer from 0 up to `limit`.
    public mutating func integer(_ value: Int, _ what: String, limit: Int) throws {
        guard value >= 0, value <= limit else {
            throw ByteError(what, expected: "0 to \(limit)", found: "\(value)")
        }
        varint(UInt64(value))
    }

    /// Length and content of at most `limit` bytes.
    public mutating func array(_ value: [UInt8], _ what: String, limit: Int) throws {
        guard value.count <= limit else {
            throw ByteError(what, expected: "at most \(limit) bytes", found: "\(value.count)")
        }
        varint(UInt64(value.count))
        bytes.append(contentsOf: value)
    }

    /// Length and UTF-8 of at most `limit` bytes.
    public mutating func string(_ value: String, _ what: String, limit: Int) throws {
        guard value.utf8.count <= limit else {
            throw ByteError(what, expected: "at most \(limit) bytes", found: "\(value.utf8.count)")
        }
        varint(UInt64(value.utf8.count))
        bytes.append(contentsOf: value.utf8)
    }

    /// Bytes whose number the reader knows already.
    public mutating func raw(_ value: some Sequence<UInt8>) {
        bytes.append(contentsOf: value)
    }

    /// The number of elements, then each element.
    public mutating func list<Element>(
        _ elements: [Element], _ what: String, limit: Int, each: (inout ByteWriter, Element) throws -> Void
    ) throws {
        try integer(elements.count, "\(what).count", limit: limit)
        for element in elements { try each(&self, element) }
    }

    /// A flag, then the value where there is one.
    public mutating func optional<Value>(_ value: Value?, each: (inout ByteWriter, Value) throws -> Void) throws {
        flag(value != nil)
        if let value { try each(&self, value) }
    }

    /// A case of an enumeration by its name.
    public mutating func name(_ value: some RawRepresentable<String>, _ what: String) throws {
        try string(value.rawValue, what, limit: ByteWriter.longestName)
    }
}
