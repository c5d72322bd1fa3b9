import Inputs

/// A GGUF file (versions 2 and 3, little-endian): metadata and tensors.
///
/// Format: github.com/ggml-org/ggml/blob/master/docs/gguf.md.
public struct GGUFFile: Sendable {
    public let path: String
    /// Names and shapes as the file has them, shapes row-major (GGUF lists extents innermost first).
    public let tensors: [String: TensorView]
    let metadata: [String: GGUFValue]

    public static let magic = Array("GGUF".utf8)
    /// GGML_MAX_DIMS.
    private static let mostExtents = 4

    /// Opens a file, reads all its metadata and checks every tensor's place. Throws `InputError` with file and key.
    public init(_ path: String) throws {
        let file = try InputFile(path)
        var cursor = GGUFCursor(file)
        try Self.checkVersion(&cursor)
        let tensorCount = try cursor.count(of: "tensors", atLeast: 24)
        let keyCount = try cursor.count(of: "metadata keys", atLeast: 13)
        metadata = try Self.metadata(keyCount, from: &cursor)
        let entries = try Self.entries(tensorCount, from: &cursor)
        let alignment = try Self.alignment(metadata, path: path)
        let dataStart = (cursor.offset + alignment - 1) / alignment * alignment
        try Self.checkPlaces(entries, dataStart: dataStart, alignment: alignment, file: file)
        var tensors: [String: TensorView] = [:]
        for entry in entries {
            tensors[entry.name] = try TensorView(
                name: entry.name, shape: entry.shape, type: entry.type, file: file, offset: dataStart + entry.begin)
        }
        self.path = path
        self.tensors = tensors
    }

    private static func checkVersion(_ cursor: inout GGUFCursor) throws {
        let found = try cursor.file.bytes(0..<min(4, cursor.file.size))
        guard found == magic else {
            throw InputError(
                cursor.file.path, expected: "a GGUF file, which begins with the bytes \(magic)", found: "\(found)")
        }
        _ = try cursor.number(UInt32.self)
        let version = try cursor.number(UInt32.self)
        guard version == 2 || version == 3 else {
            let bigEndian = version.byteSwapped == 2 || version.byteSwapped == 3
            throw InputError(
                cursor.file.path, expected: "GGUF version 2 or 3, little-endian",
                found: bigEndian ? "a big-endian file" : "version \(version)")
        }
    }

    private static func metadata(_ count: Int, from cursor: inout GGUFCursor) throws -> [String: GGUFValue] {
        var metadata: [String: GGUFValue] = [:]
        for index in 0..<count {
            cursor.subject = "metadata key \(index)"
            let key = try cursor.string()
            cursor.subject = key
            let value = try GGUFValue(from: &cursor)
            guard metadata.updateValue(value, forKey: key) == nil else {
                throw cursor.error(expected: "every metadata key once", found: "this one twice")
            }
        }
        return metadata
    }

    private static func alignment(_ metadata: [String: GGUFValue], path: String) throws -> Int {
        let key = "general.alignment"
        guard let value = metadata[key] else { return 32 }
        guard case .integer(let alignment) = value, 1...65536 ~= alignment, alignment.nonzeroBitCount == 1 else {
            throw InputError("\(path): \(key)", expected: "a power of two up to 65536", found: value.summary)
        }
        return alignment
    }

    /// A tensor as the header describes it; `begin` counts from the start of the tensors' bytes.
    private struct Entry {
        let name: String
        let shape: [Int]
        let type: StoredType
        let begin: Int
        let size: Int
    }

    private static func entries(_ count: Int, from cursor: inout GGUFCursor) throws -> [Entry] {
        var entries: [Entry] = []
        var seen: Set<String> = []
        for index in 0..<count {
            cursor.subject = "tensor \(index)"
            let name = try cursor.string()
            cursor.subject = name
            guard seen.insert(name).inserted else {
                throw cursor.error(expected: "every tensor once", found: "this one twice")
            }
            entries.append(try entry(name, from: &cursor))
        }
        return entries
    }

    private static func entry(_ name: String, from cursor: inout GGUFCursor) throws -> Entry {
        let extents = try cursor.number(UInt32.self)
        guard extents <= mostExtents else {
            throw cursor.error(expected: "at most \(mostExtents) extents", found: "\(extents)")
        }
        var shape: [Int] = []
        for _ in 0..<extents {
            let extent = try cursor.number(UInt64.self)
            guard let extent = Int(exactly: extent) else {
                throw cursor.error(expected: "an extent below 2^63", found: "\(extent)")
            }
            shape.insert(extent, at: 0)
        }
        let code = try cursor.number(UInt32.self)
        guard let type = StoredType(ggml: code) else {
            throw cursor.error(expected: "a known ggml tensor type", found: "type \(code)")
        }
        let begin = try cursor.number(UInt64.self)
        guard let count = elementCount(of: shape), (shape.last ?? 1).isMultiple(of: type.block.elements),
            let size = type.byteCount(of: count), let begin = Int(exactly: begin)
        else {
            throw cursor.error(expected: "rows of whole blocks that fit in memory", found: "\(type.rawValue) \(shape)")
        }
        return Entry(name: name, shape: shape, type: type, begin: begin, size: size)
    }

    private static func checkPlaces(_ entries: [Entry], dataStart: Int, alignment: Int, file: InputFile) throws {
        let length = max(0, file.size - dataStart)
        var end = 0
        for entry in entries.sorted(by: { ($0.begin, $0.size, $0.name) < ($1.begin, $1.size, $1.name) }) {
            let place = "\(file.path): \(entry.name)"
            guard entry.begin.isMultiple(of: alignment) else {
                throw InputError(place, expected: "an offset that \(alignment) divides", found: "\(entry.begin)")
            }
            guard entry.begin <= length, entry.size <= length - entry.begin else {
                throw InputError(
                    place, expected: "a tensor within the \(length) bytes after the header",
                    found: "\(entry.size) bytes at \(entry.begin)", hint: "the file is cut off: copy it again")
            }
            guard entry.begin >= end else {
                throw InputError(
                    place, expected: "an offset of at least \(end), where the tensor before it ends",
                    found: "\(entry.begin)", hint: "tensors overlap")
            }
            end = entry.begin + entry.size
        }
    }
}

extension StoredType {
    /// The type with this number in ggml's `ggml_type`; nil where ggml has none or has removed it.
    init?(ggml code: UInt32) {
        switch code {
        case 0: self = .float32
        case 1: self = .float16
        case 2: self = .q4_0
        case 3: self = .q4_1
        case 6: self = .q5_0
        case 7: self = .q5_1
        case 8: self = .q8_0
        case 9: self = .q8_1
        case 10: self = .q2K
        case 11: self = .q3K
        case 12: self = .q4K
        case 13: self = .q5K
        case 14: self = .q6K
        case 15: self = .q8K
        case 16: self = .iq2XXS
        case 17: self = .iq2XS
        case 18: self = .iq3XXS
        case 19: self = .iq1S
        case 20: self = .iq4NL
        case 21: self = .iq3S
        case 22: self = .iq2S
        case 23: self = .iq4XS
        case 24: self = .int8
        case 25: self = .int16
        case 26: self = .int32
        case 27: self = .int64
        case 28: self = .float64
        case 29: self = .iq1M
        case 30: self = .bfloat16
        case 34: self = .tq1_0
        case 35: self = .tq2_0
        case 39: self = .mxfp4
        case 40: self = .nvfp4
        case 41: self = .q1_0
        default: return nil
        }
    }
}
