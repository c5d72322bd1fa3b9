import Foundation
import Inputs

/// Columns as a safetensors file: eight bytes with the header's length, a JSON header, then the arrays one after another
/// as little-endian doubles (https://github.com/huggingface/safetensors#format).
enum ColumnFile {
    /// A header longer than this is not one of ours.
    private static let longestHeader = 1 << 20

    /// The file's bytes. Each column becomes an array F64 of shape [latents]; the order is the columns'.
    static func bytes(_ columns: LatentColumns, metadata: [String: String]) throws -> Data {
        let size = columns.latents * 8
        var members: [String: Document.Value] = ["__metadata__": .object(metadata.mapValues { .string($0) })]
        for (index, name) in columns.names.enumerated() {
            members[name] = .object([
                "dtype": .string("F64"), "shape": .array([.integer(columns.latents)]),
                "data_offsets": .array([.integer(index * size), .integer((index + 1) * size)]),
            ])
        }
        var header = Data(try CanonicalJSON.text(.object(members)).utf8.dropLast())
        // Arrays start at a multiple of eight, so that they can be mapped.
        while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
        var data = Data()
        data.reserveCapacity(8 + header.count + columns.names.count * size)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(header)
        for name in columns.names {
            let bits = try columns.required(name).map { $0.bitPattern.littleEndian }
            bits.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        return data
    }

    /// Reads a file that `bytes` made. Throws `InputError` for anything else.
    static func columns(_ data: Data, file: String) throws -> LatentColumns {
        let bytes = [UInt8](data)
        guard bytes.count >= 8 else {
            throw InputError(file, expected: "a safetensors file", found: "\(bytes.count) bytes")
        }
        let announced = word(bytes, 0)
        guard let length = Int(exactly: announced), length <= longestHeader, length <= bytes.count - 8 else {
            throw InputError(
                file, expected: "a header of at most \(min(longestHeader, bytes.count - 8)) bytes",
                found: "\(announced) bytes")
        }
        let header = try Document(json: Data(bytes[8..<(8 + length)]), file: file)
        var tensors: [(name: String, start: Int, count: Int)] = []
        for name in try header.object().keys where name != "__metadata__" {
            tensors.append(try tensor(header.required(name), name: name))
        }
        tensors.sort { ($0.start, $0.name) < ($1.start, $1.name) }
        var columns = LatentColumns(latents: tensors.first?.count ?? 0)
        var at = 0
        for tensor in tensors {
            let (size, overflow) = tensor.count.multipliedReportingOverflow(by: 8)
            guard tensor.count == columns.latents, tensor.start == at, !overflow, size <= bytes.count - 8 - length - at
            else {
                throw InputError(
                    "\(file): \(tensor.name)", expected: "\(columns.latents) values from byte \(at) on",
                    found: "\(tensor.count) values from byte \(tensor.start) on")
            }
            let start = 8 + length + at
            columns.append(
                tensor.name,
                (0..<tensor.count).map { Double(bitPattern: word(bytes, start + $0 * 8)) })
            at += size
        }
        guard 8 + length + at == bytes.count else {
            throw InputError(file, expected: "\(8 + length + at) bytes", found: "\(bytes.count)")
        }
        return columns
    }

    private static func tensor(_ entry: Document, name: String) throws -> (name: String, start: Int, count: Int) {
        let type = try entry.required("dtype")
        guard try type.string() == "F64" else { throw type.error(expected: "F64") }
        let shape = try entry.required("shape").list()
        let offsets = try entry.required("data_offsets").list()
        guard shape.count == 1, offsets.count == 2 else {
            throw entry.error(expected: "a shape of one dimension and two offsets")
        }
        let (count, start) = (try shape[0].integer(atLeast: 0), try offsets[0].integer(atLeast: 0))
        let (size, overflow) = count.multipliedReportingOverflow(by: 8)
        guard !overflow, try offsets[1].integer(atLeast: start) - start == size else {
            throw offsets[1].error(expected: "an end \(count) doubles after \(start)")
        }
        return (name, start, count)
    }

    /// The little-endian 64-bit word at `start`.
    private static func word(_ bytes: [UInt8], _ start: Int) -> UInt64 {
        UInt64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: UInt64.self) })
    }
}
