import Foundation
import Inputs

/// A safetensors file: a table of named tensors in a file.
///
/// Format: 8 bytes little-endian header length, a JSON header, then the tensors' bytes without holes
/// (huggingface.co/docs/safetensors).
public struct SafetensorsFile: Sendable {
    /// The tensors by name.
    public let tensors: [String: TensorView]
    /// What stands under `__metadata__`; empty without it.
    public let metadata: [String: String]

    /// Bytes of a header. The format allows 100 MB. An entry has some hundred bytes, so this is room for more than the tensors below.
    static let longestHeader = 32 << 20
    /// Tensors of one file, however small they are: each takes a kilobyte or more once it is known.
    static let mostTensors = 1 << 17
    /// A tensor has up to ten values: two lists with their numbers, a name, an object. Metadata is strings.
    private static let headerLimits = JSONLimits(bytes: longestHeader, values: 12 * mostTensors)
    private static let metadataKey = "__metadata__"

    /// Whether a file begins as a safetensors file does: with a length that it has room for, and an opening brace.
    /// Throws `InputError` where it cannot be read.
    public static func isOne(_ file: InputFile) throws -> Bool {
        guard file.size > 8 else { return false }
        return try statedLength(of: file) <= UInt64(min(longestHeader, file.size - 8))
            && file.bytes(8..<9) == [UInt8(ascii: "{")]
    }

    /// What the first 8 bytes say.
    private static func statedLength(of file: InputFile) throws -> UInt64 {
        try file.bytes(0..<8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Opens a file and checks its whole header. Throws `InputError` with file and tensor.
    public init(_ path: String) throws {
        let file = try InputFile(path)
        let headerLength = try Self.headerLength(of: file)
        let dataStart = 8 + headerLength
        let text = try file.bytes(8..<dataStart)
        guard text.first == UInt8(ascii: "{") else {
            throw InputError(path, expected: "a JSON header that begins with {", found: Self.show(text.first))
        }
        let header = try Document(json: Data(text), file: path, limits: Self.headerLimits)
        guard try header.object().count <= Self.mostTensors else {
            throw InputError(
                path, expected: "a header of at most \(Self.mostTensors) tensors",
                found: "\(try header.object().count)",
                hint: "split the file")
        }

        var metadata: [String: String] = [:]
        var entries: [Entry] = []
        for name in try header.object().keys.sorted() {
            let value = try header.required(name)
            if name == Self.metadataKey {
                for key in try value.object().keys { metadata[key] = try value.required(key).string() }
            } else {
                entries.append(try Entry(name, value, dataLength: file.size - dataStart))
            }
        }
        try Self.requireNoHoles(entries, dataLength: file.size - dataStart, path: path)
        var tensors: [String: TensorView] = [:]
        for entry in entries {
            tensors[entry.name] = try TensorView(
                name: entry.name, shape: entry.shape, type: entry.type, file: file, offset: dataStart + entry.begin)
        }
        self.tensors = tensors
        self.metadata = metadata
    }

    private static func headerLength(of file: InputFile) throws -> Int {
        guard file.size >= 8 else {
            throw InputError(
                file.path, expected: "a safetensors file of at least 8 bytes", found: "\(file.size) bytes")
        }
        let stated = try statedLength(of: file)
        guard stated <= UInt64(longestHeader) else {
            throw InputError(
                file.path, expected: "a header of at most \(longestHeader) bytes",
                found: "a header length of \(stated)",
                hint: "this may not be a safetensors file")
        }
        guard Int(stated) <= file.size - 8 else {
            throw InputError(
                file.path, expected: "a header of \(stated) bytes as stated",
                found: "\(file.size - 8) bytes in the file", hint: "the file is cut off: copy it again")
        }
        return Int(stated)
    }

    /// Tensors must lie end to end from the first byte after the header to the last of the file.
    private static func requireNoHoles(_ entries: [Entry], dataLength: Int, path: String) throws {
        var end = 0
        for entry in entries.sorted(by: { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }) {
            guard entry.begin == end else {
                throw InputError(
                    "\(path): \(entry.name)", expected: "data_offsets that begin at \(end), where the last tensor ends",
                    found: "\(entry.begin)", hint: entry.begin < end ? "tensors overlap" : "there is a hole")
            }
            end = entry.end
        }
        guard end == dataLength else {
            throw InputError(
                path, expected: "\(end) bytes of tensors", found: "\(dataLength) bytes after the header",
                hint: "the file is damaged: copy it again")
        }
    }

    private static func show(_ byte: UInt8?) -> String {
        byte.map { "byte \($0)" } ?? "an empty header"
    }

    /// One member of the header, checked against itself and the length of the file.
    private struct Entry {
        let name: String
        let type: StoredType
        let shape: [Int]
        let begin: Int
        let end: Int

        init(_ name: String, _ value: Document, dataLength: Int) throws {
            self.name = name
            try value.refuseKeys(outside: ["dtype", "shape", "data_offsets"])
            let dtype = try value.required("dtype")
            guard let type = StoredType(safetensors: try dtype.string()) else {
                throw dtype.error(expected: "a safetensors dtype")
            }
            self.type = type
            shape = try value.required("shape").list().map { try $0.integer(atLeast: 0) }
            let offsets = try value.required("data_offsets")
            let pair = try offsets.list().map { try $0.integer(atLeast: 0) }
            guard pair.count == 2, pair[0] <= pair[1], pair[1] <= dataLength else {
                throw InputError(
                    offsets.place, expected: "a begin and an end within the \(dataLength) bytes after the header",
                    found: "\(pair)", hint: "the file is cut off or damaged: copy it again")
            }
            (begin, end) = (pair[0], pair[1])
            guard let size = elementCount(of: shape).flatMap(type.byteCount(of:)), size == end - begin else {
                throw InputError(
                    value.place, expected: "as many bytes as \(type.rawValue) \(shape) takes", found: "\(end - begin)")
            }
        }
    }
}

extension StoredType {
    /// The type that a safetensors header calls `dtype`; nil for anything that is not one of the format's own.
    fileprivate init?(safetensors dtype: String) {
        guard let type = StoredType(rawValue: dtype), !type.isGGMLOnly else { return nil }
        self = type
    }
}
