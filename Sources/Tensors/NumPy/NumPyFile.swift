import Inputs

/// An .npz file: a zip archive of .npy arrays.
///
/// Format: numpy.lib.format, versions 1.0 to 3.0. Arrays of Python objects are pickles, which can run code: they are
/// refused, as is all that is not a little-endian float array in C order.
public struct NumPyFile: Sendable {
    /// By name, which is the member's without `.npy`.
    public let arrays: [String: NumPyArray]

    /// Whether an archive has nothing but .npy members, and at least one.
    public static func isOne(_ archive: ZipArchive) -> Bool {
        !archive.members.isEmpty && archive.members.allSatisfy { $0.name.hasSuffix(suffix) }
    }

    private static let suffix = ".npy"

    /// Reads the headers of all arrays. Throws `InputError` with file and array.
    public init(_ archive: ZipArchive) throws {
        var arrays: [String: NumPyArray] = [:]
        for member in archive.members {
            guard member.name.hasSuffix(Self.suffix) else {
                throw InputError(
                    archive.file.path, expected: "members that end in \(Self.suffix)", found: "'\(member.name)'")
            }
            let name = String(member.name.dropLast(Self.suffix.count))
            arrays[name] = try NumPyArray(name: name, archive, member)
        }
        self.arrays = arrays
    }
}

/// An array in an .npz file. Its numbers stay there until they are read.
public struct NumPyArray: Sendable {
    public let name: String
    /// Extents, outermost first: row-major.
    public let shape: [Int]
    /// `float16`, `float32` or `float64`.
    public let type: StoredType
    public let elementCount: Int
    private let archive: ZipArchive
    private let member: ZipArchive.Member
    private let header: NumPyHeader

    /// Where the array stands, for an error message.
    public var place: String { "\(archive.file.path): \(name)" }

    init(name: String, _ archive: ZipArchive, _ member: ZipArchive.Member) throws {
        (self.name, self.archive, self.member) = (name, archive, member)
        let place = "\(archive.file.path): \(name)"
        header = try NumPyHeader(ZipMemberReader(archive, member), place: place)
        (shape, type) = (header.shape, header.type)
        guard let count = Tensors.elementCount(of: shape), let size = type.byteCount(of: count),
            size == member.size - header.length
        else {
            throw InputError(
                place, expected: "as many bytes as \(type.rawValue) \(shape) takes",
                found: "\(member.size - header.length)", hint: "the file is cut off or damaged: copy it again")
        }
        elementCount = count
    }

    /// All numbers, row-major; float16 and float32 exactly. Throws `InputError` where the file is damaged.
    public func doubles() throws -> [Double] {
        let reader = try ZipMemberReader(archive, member)
        _ = try reader.bytes(header.length)
        let bytes = try reader.bytes(member.size - header.length)
        try reader.end()
        return type.doubles(bytes)
    }
}
