import Foundation
import Inputs

/// Named arrays of 64-bit numbers as a safetensors file: eight bytes with the header's length, a JSON header, then the arrays
/// one after another, little-endian (https://github.com/huggingface/safetensors#format).
struct ArrayFile {
    /// What an array holds.
    enum Values {
        case doubles([Double])
        case integers([Int])

        /// As safetensors calls the type.
        fileprivate var type: String {
            switch self {
            case .doubles: "F64"
            case .integers: "I64"
            }
        }

        fileprivate var count: Int {
            switch self {
            case .doubles(let values): values.count
            case .integers(let values): values.count
            }
        }
    }

    /// An array with its name.
    struct Member {
        var name: String
        /// Its product is the number of values.
        var shape: [Int]
        var values: Values
    }

    /// A header longer than this is not one of ours.
    private static let longestHeader = 1 << 24
    private static let word = 8

    /// In the order of the file.
    let members: [Member]

    /// Takes arrays; the order is the file's.
    init(_ members: [Member]) {
        self.members = members
    }

    subscript(name: String) -> Member? { members.first { $0.name == name } }

    /// The file's bytes.
    func bytes(metadata: [String: String]) throws -> Data {
        var entries: [String: Document.Value] = ["__metadata__": .object(metadata.mapValues { .string($0) })]
        var at = 0
        for member in members {
            let end = at + member.values.count * Self.word
            entries[member.name] = .object([
                "dtype": .string(member.values.type), "shape": .array(member.shape.map { .integer($0) }),
                "data_offsets": .array([.integer(at), .integer(end)]),
            ])
            at = end
        }
        var header = Data(try CanonicalJSON.text(.object(entries)).utf8.dropLast())
        // Arrays start at a multiple of eight, so that they can be mapped.
        while header.count % Self.word != 0 { header.append(UInt8(ascii: " ")) }
        var data = Data()
        data.reserveCapacity(Self.word + header.count + at)
        withUnsafeBytes(of: UInt64(header.count).littleEndian) { data.append(contentsOf: $0) }
        data.append(header)
        for member in members {
            let bits =
                switch member.values {
                case .doubles(let values): values.map { $0.bitPattern.littleEndian }
                case .integers(let values): values.map { UInt64(bitPattern: Int64($0)).littleEndian }
                }
            bits.withUnsafeBytes { data.append(contentsOf: $0) }
        }
        return data
    }

    /// Reads a file that `bytes` made. Throws `InputError` for anything else.
    init(_ data: Data, file: String) throws {
        let bytes = [UInt8](data)
        guard bytes.count >= Self.word else {
            throw InputError(file, expected: "a safetensors file", found: "\(bytes.count) bytes")
        }
        let announced = Self.word(bytes, 0)
        guard let length = Int(exactly: announced), length <= Self.longestHeader, length <= bytes.count - Self.word
        else {
            throw InputError(
                file, expected: "a header of at most \(min(Self.longestHeader, bytes.count - Self.word)) bytes",
                found: "\(announced) bytes")
        }
        let start = Self.word + length
        let header = try Document(json: Data(bytes[Self.word..<start]), file: file)
        var entries: [Entry] = []
        for name in try header.object().keys where name != "__metadata__" {
            entries.append(try Entry(header.required(name), name: name))
        }
        entries.sort { ($0.start, $0.name) < ($1.start, $1.name) }
        var members: [Member] = []
        var at = 0
        for entry in entries {
            guard entry.start == at, entry.size <= bytes.count - start - at else {
                throw InputError(
                    "\(file): \(entry.name)",
                    expected: "values from byte \(at) on, at most \(bytes.count - start - at)",
                    found: "\(entry.size) from byte \(entry.start) on")
            }
            let words = stride(from: start + at, to: start + at + entry.size, by: Self.word).lazy
                .map { Self.word(bytes, $0) }
            members.append(
                Member(
                    name: entry.name, shape: entry.shape,
                    values: entry.isWhole
                        ? .integers(words.map { Int(Int64(bitPattern: $0)) })
                        : .doubles(words.map { Double(bitPattern: $0) })))
            at += entry.size
        }
        guard start + at == bytes.count else {
            throw InputError(file, expected: "\(start + at) bytes", found: "\(bytes.count)")
        }
        self.members = members
    }

    /// What a header says of an array.
    private struct Entry {
        let name: String
        let shape: [Int]
        let isWhole: Bool
        /// Of the first byte after the header.
        let start: Int
        /// In bytes.
        let size: Int

        init(_ entry: Document, name: String) throws {
            let type = try entry.required("dtype")
            guard ["F64", "I64"].contains(try type.string()) else { throw type.error(expected: "F64 or I64") }
            let (dimensions, offsets) = (try entry.required("shape"), try entry.required("data_offsets"))
            let ends = try offsets.list()
            guard ends.count == 2 else { throw offsets.error(expected: "two offsets") }
            shape = try dimensions.list().map { try $0.integer(atLeast: 0) }
            var size = ArrayFile.word
            for length in shape {
                let (product, overflow) = size.multipliedReportingOverflow(by: length)
                guard !overflow else { throw dimensions.error(expected: "a shape of fewer values") }
                size = product
            }
            let start = try ends[0].integer(atLeast: 0)
            guard try ends[1].integer(atLeast: start) - start == size else {
                throw ends[1].error(expected: "an end \(size) bytes after \(start)")
            }
            (self.name, isWhole, self.start, self.size) = (name, try type.string() == "I64", start, size)
        }
    }

    /// The little-endian 64-bit word at `start`.
    private static func word(_ bytes: [UInt8], _ start: Int) -> UInt64 {
        UInt64(littleEndian: bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: UInt64.self) })
    }
}
