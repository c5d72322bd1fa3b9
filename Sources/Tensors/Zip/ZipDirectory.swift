import Inputs

/// What records of a zip archive begin with.
enum Signature {
    static let local: UInt32 = 0x0403_4b50
    static let central: UInt32 = 0x0201_4b50
    static let end: UInt32 = 0x0605_4b50
    static let end64: UInt32 = 0x0606_4b50
    static let locator64: UInt32 = 0x0706_4b50
}

/// Little-endian numbers of a record in the file.
struct ZipFields {
    private let bytes: ArraySlice<UInt8>

    /// Reads a record. Throws `InputError` where `count` bytes from `start` on are not in the file.
    init(_ file: InputFile, at start: Int, count: Int, _ place: String) throws {
        guard start >= 0, start <= file.size, count <= file.size - start else {
            throw InputError(
                place, expected: "\(count) bytes from byte \(start) on", found: "a file of \(file.size) bytes",
                hint: "the file is cut off or damaged: copy it again")
        }
        bytes = try file.bytes(start..<start + count)[...]
    }

    /// Takes a record that was read.
    init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

    func u16(_ at: Int) -> UInt16 { number(at) }
    func u32(_ at: Int) -> UInt32 { number(at) }
    func u64(_ at: Int) -> UInt64 { number(at) }

    private func number<Number: FixedWidthInteger>(_ at: Int) -> Number {
        bytes.withUnsafeBytes { Number(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: Number.self)) }
    }
}

/// Where the central directory is, by the record at the end of the file.
struct ZipDirectory {
    let start: Int
    let end: Int
    /// Number of members.
    let count: Int

    /// More than any archive of arrays has.
    private static let mostMembers = 1 << 20

    init(_ file: InputFile) throws {
        let at = try Self.endRecord(of: file)
        let record = try ZipFields(file, at: at, count: 22, file.path)
        guard record.u16(4) == 0, record.u16(6) == 0, record.u16(8) == record.u16(10) else {
            throw InputError(file.path, expected: "a zip archive in one file", found: "a part of one")
        }
        var (start, size, count) = (UInt64(record.u32(16)), UInt64(record.u32(12)), UInt64(record.u16(10)))
        var limit = at
        if start == UInt32.max || size == UInt32.max || count == UInt16.max, let at64 = try Self.end64(file, before: at)
        {
            let record = try ZipFields(file, at: at64, count: 56, file.path)
            guard record.u32(0) == Signature.end64 else {
                throw InputError(file.path, expected: "a zip64 end record at byte \(at64)", found: "something else")
            }
            (start, size, count, limit) = (record.u64(48), record.u64(40), record.u64(32), at64)
        }
        guard start <= UInt64(limit), size <= UInt64(limit) - start, count <= UInt64(Self.mostMembers) else {
            throw InputError(
                file.path, expected: "a central directory inside the file",
                found: "\(count) members in \(size) bytes from byte \(start) on",
                hint: "the file is cut off or damaged: copy it again")
        }
        (self.start, end, self.count) = (Int(start), Int(start + size), Int(count))
    }

    /// The record ends with a comment of up to 65,535 bytes.
    private static func endRecord(of file: InputFile) throws -> Int {
        let last = file.size - 22
        let first = max(0, last - 65_535)
        let tail = last >= 0 ? try file.bytes(first..<file.size) : []
        for at in stride(from: last, through: first, by: -1) {
            let record = ZipFields(tail[(at - first)..<(at - first + 22)])
            if record.u32(0) == Signature.end, Int(record.u16(20)) == last - at { return at }
        }
        throw InputError(
            file.path, expected: "a zip archive", found: "no central directory at its end",
            hint: "the file is cut off or damaged: copy it again")
    }

    /// Where the zip64 end record begins, by the locator in front of the end record; nil without one.
    private static func end64(_ file: InputFile, before at: Int) throws -> Int? {
        guard at >= 20 else { return nil }
        let locator = try ZipFields(file, at: at - 20, count: 20, file.path)
        guard locator.u32(0) == Signature.locator64 else { return nil }
        guard let start = Int(exactly: locator.u64(8)) else {
            throw InputError(file.path, expected: "a zip64 end record in the file", found: "byte \(locator.u64(8))")
        }
        return start
    }
}

/// The 64-bit numbers of an entry, in the extra field 1: those for which 32 bits were not enough.
struct Zip64Numbers {
    private var numbers: ArraySlice<UInt64> = []
    private let place: String

    init(_ file: InputFile, extra start: Int, count: Int, _ place: String) throws {
        self.place = place
        let extra = try ZipFields(file, at: start, count: count, place)
        var at = 0
        while at + 4 <= count {
            let (id, length) = (extra.u16(at), Int(extra.u16(at + 2)))
            guard at + 4 + length <= count else {
                throw InputError(place, expected: "extra fields of \(count) bytes", found: "longer ones")
            }
            if id == 1 { numbers = (0..<length / 8).map { extra.u64(at + 4 + 8 * $0) }[...] }
            at += 4 + length
        }
    }

    /// The value of a field of 32 bits, or the next of the 64-bit numbers where the field is all ones.
    mutating func value(_ field: UInt32) throws -> Int {
        guard field == UInt32.max else { return Int(field) }
        guard let number = numbers.popFirst(), let value = Int(exactly: number) else {
            throw InputError(place, expected: "a 64-bit number in the zip64 field", found: "none")
        }
        return value
    }
}
