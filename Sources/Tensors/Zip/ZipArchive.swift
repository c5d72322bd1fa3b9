import Inputs

/// The members of a zip archive: stored or deflated, zip64 or not, in one file and without encryption.
///
/// Format: PKWARE's APPNOTE.TXT 6.3. What a member is, the central directory at the end of the file says; of the headers
/// in front of the members only their lengths are used.
public struct ZipArchive: Sendable {
    /// A member as the central directory describes it.
    public struct Member: Sendable, Hashable {
        public let name: String
        /// Bytes in the archive, and after decompression.
        public let compressedSize: Int
        public let size: Int
        public let crc32: UInt32
        let isDeflated: Bool
        /// Where its local header begins.
        fileprivate let header: Int
    }

    /// How much smaller deflate can make data (zlib's technical notes: 1032 times), rounded up.
    private static let mostDeflated = 1040

    let file: InputFile
    /// In the order of the central directory.
    public let members: [Member]

    /// Whether a file begins as archives with a member do. Throws `InputError` where it cannot be read.
    public static func isOne(_ file: InputFile) throws -> Bool {
        try file.size >= 4 && ZipFields(file, at: 0, count: 4, file.path).u32(0) == Signature.local
    }

    /// Reads the central directory. Throws `InputError` for one that does not fit the file, for a name that comes twice, and
    /// for members that are encrypted or compressed in another way.
    public init(_ file: InputFile) throws {
        self.file = file
        let directory = try ZipDirectory(file)
        var members: [Member] = []
        var names: Set<String> = []
        var at = directory.start
        for _ in 0..<directory.count {
            let (member, end) = try Self.member(at: at, end: directory.end, file)
            guard names.insert(member.name).inserted else {
                throw InputError(file.path, expected: "members with different names", found: "'\(member.name)' twice")
            }
            members.append(member)
            at = end
        }
        guard at == directory.end else {
            throw InputError(
                file.path, expected: "\(directory.count) members in the central directory",
                found: "\(directory.end - at) bytes more")
        }
        self.members = members
    }

    /// Where the bytes of a member begin. Throws `InputError` where they do not lie in the file.
    func dataStart(of member: Member) throws -> Int {
        let place = "\(file.path): \(member.name)"
        let fields = try ZipFields(file, at: member.header, count: 30, place)
        guard fields.u32(0) == Signature.local else {
            throw InputError(place, expected: "a local header at byte \(member.header)", found: "something else")
        }
        let start = member.header + 30 + Int(fields.u16(26)) + Int(fields.u16(28))
        guard start <= file.size, member.compressedSize <= file.size - start else {
            throw InputError(
                place, expected: "\(member.compressedSize) bytes from byte \(start) on",
                found: "a file of \(file.size) bytes", hint: "the file is cut off or damaged: copy it again")
        }
        return start
    }

    /// The member whose entry begins at `at`, and where the entry ends.
    private static func member(at: Int, end: Int, _ file: InputFile) throws -> (Member, Int) {
        let fields = try ZipFields(file, at: at, count: 46, file.path)
        let (nameLength, extraLength) = (Int(fields.u16(28)), Int(fields.u16(30)))
        let next = at + 46 + nameLength + extraLength + Int(fields.u16(32))
        guard fields.u32(0) == Signature.central, next <= end else {
            throw InputError(file.path, expected: "an entry of the central directory at byte \(at)", found: "another")
        }
        let bytes = try file.bytes(at + 46..<at + 46 + nameLength)
        guard let name = String(validating: bytes, as: UTF8.self) else {
            throw InputError(file.path, expected: "names in UTF-8", found: "a member at byte \(at) with another")
        }
        let place = "\(file.path): \(name)"
        guard fields.u16(8) & 1 == 0 else { throw InputError(place, expected: "no encryption", found: "some") }
        let method = fields.u16(10)
        guard method == 0 || method == 8 else {
            throw InputError(place, expected: "a stored or deflated member", found: "compression method \(method)")
        }
        var numbers = try Zip64Numbers(
            file, extra: at + 46 + nameLength, count: extraLength, place)
        // In this order, those of which the entry holds only ones.
        let size = try numbers.value(fields.u32(24))
        let compressedSize = try numbers.value(fields.u32(20))
        let header = try numbers.value(fields.u32(42))
        guard method == 8 ? size / Self.mostDeflated <= compressedSize : size == compressedSize else {
            throw InputError(
                place, expected: "a size that \(compressedSize) bytes can decompress to", found: "\(size) bytes")
        }
        let member = Member(
            name: name, compressedSize: compressedSize, size: size, crc32: fields.u32(16), isDeflated: method == 8,
            header: header)
        return (member, next)
    }
}
