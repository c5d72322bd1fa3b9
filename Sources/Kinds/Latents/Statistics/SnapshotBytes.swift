import Foundation
import Inputs

/// Builds a fold's snapshot: little-endian numbers, and arrays whose lengths the reader knows or reads first.
struct SnapshotWriter {
    private(set) var bytes: [UInt8] = []

    init(reserving capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func raw(_ values: some Sequence<UInt8>) {
        bytes.append(contentsOf: values)
    }

    mutating func number(_ value: Int) {
        integers([UInt64(value)])
    }

    mutating func integers(_ values: [some FixedWidthInteger]) {
        values.map { $0.littleEndian }.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    mutating func doubles(_ values: [Double]) {
        integers(values.map { $0.bitPattern })
    }
}

/// Reads what `SnapshotWriter` wrote: every length is held against the bytes that are left before it is believed.
struct SnapshotReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func raw(_ count: Int, _ what: String) throws -> ArraySlice<UInt8> {
        guard count >= 0, count <= rest.count else {
            throw Self.error(what, expected: "\(count) bytes", found: "\(rest.count) left")
        }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// A whole number in a range.
    mutating func number(in range: ClosedRange<Int>, _ what: String) throws -> Int {
        let value = try integers(1, what, as: UInt64.self)[0]
        guard let number = Int(exactly: value), range.contains(number) else {
            throw Self.error(what, expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(value)")
        }
        return number
    }

    mutating func integers<Value: FixedWidthInteger>(
        _ count: Int, _ what: String, as type: Value.Type = Value.self
    ) throws -> [Value] {
        let (size, overflow) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.size)
        guard !overflow, size <= rest.count else {
            throw Self.error(what, expected: "\(count) values", found: "\(rest.count) bytes left")
        }
        return try raw(size, what).withUnsafeBytes { bytes in
            (0..<count).map {
                Value(
                    littleEndian: bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<Value>.size, as: Value.self))
            }
        }
    }

    /// Finite numbers.
    mutating func doubles(_ count: Int, _ what: String) throws -> [Double] {
        let values = try integers(count, what, as: UInt64.self).map { Double(bitPattern: $0) }
        guard values.allSatisfy(\.isFinite) else {
            throw Self.error(what, expected: "finite numbers", found: "one that is not")
        }
        return values
    }

    /// Throws unless everything has been read.
    func end() throws {
        guard rest.isEmpty else {
            throw Self.error("end", expected: "nothing more", found: "\(rest.count) bytes left over")
        }
    }

    static func error(_ what: String, expected: String, found: String) -> InputError {
        InputError("fold snapshot: \(what)", expected: expected, found: found)
    }
}
