import Inputs

/// The header of an .npy array: letters, version, length, and the literal of a Python dictionary with `descr`,
/// `fortran_order` and `shape`. It is read as text; nothing of it is ever run.
struct NumPyHeader {
    let type: StoredType
    let shape: [Int]
    /// Bytes before the numbers.
    let length: Int

    private static let magic: [UInt8] = [0x93] + Array("NUMPY".utf8)
    /// Longer ones belong to structured arrays.
    private static let longest = 64 << 10

    init(_ reader: ZipMemberReader, place: String) throws {
        let start = try reader.bytes(8)
        guard start.starts(with: Self.magic) else {
            throw InputError(place, expected: "an .npy array, which begins with \\x93NUMPY", found: "other bytes")
        }
        let isLong: Bool
        switch (start[6], start[7]) {
        case (1, 0): isLong = false
        case (2, 0), (3, 0): isLong = true
        default:
            throw InputError(
                place, expected: "version 1.0, 2.0 or 3.0 of the format", found: "\(start[6]).\(start[7])")
        }
        let size = try reader.bytes(isLong ? 4 : 2)
        let count = size.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard count <= Self.longest else {
            throw InputError(place, expected: "a header of at most \(Self.longest) bytes", found: "\(count)")
        }
        length = start.count + size.count + count
        var literal = PythonLiteral(try reader.bytes(count), place: "\(place): header")
        (type, shape) = try Self.entries(&literal, place: place)
    }

    /// Each of the three keys once, and no other.
    private static func entries(_ literal: inout PythonLiteral, place: String) throws -> (StoredType, [Int]) {
        var (type, shape, isC): (StoredType?, [Int]?, Bool?) = (nil, nil, nil)
        try literal.expect("{")
        while !literal.skip("}") {
            let key = try literal.string()
            try literal.expect(":")
            switch key {
            case "descr" where type == nil: type = try self.type(literal.string(), place: place)
            case "shape" where shape == nil: shape = try literal.numbers()
            case "fortran_order" where isC == nil: isC = try !literal.bool()
            default: throw literal.error(expected: "the keys descr, fortran_order and shape once", found: "'\(key)'")
            }
            if !literal.skip(",") {
                try literal.expect("}")
                break
            }
        }
        try literal.end()
        guard let type, let shape, let isC else {
            throw literal.error(expected: "the keys descr, fortran_order and shape", found: "fewer")
        }
        guard isC else {
            throw InputError(
                place, expected: "an array in C order", found: "one in Fortran order",
                hint: "save numpy.ascontiguousarray of it")
        }
        return (type, shape)
    }

    private static func type(_ descr: String, place: String) throws -> StoredType {
        switch descr {
        case "<f2": return .float16
        case "<f4": return .float32
        case "<f8": return .float64
        case _ where descr.hasSuffix("O"):
            throw InputError(
                place, expected: "an array of floats", found: "one of Python objects",
                hint: "these are pickles, which can run code: save floats")
        default:
            throw InputError(
                place, expected: "little-endian float16, float32 or float64 (<f2, <f4, <f8)", found: descr)
        }
    }
}

/// A reader of the few kinds of Python literals that stand in headers.
struct PythonLiteral {
    private var rest: ArraySlice<UInt8>
    private let place: String

    init(_ bytes: [UInt8], place: String) {
        (rest, self.place) = (bytes[...], place)
    }

    /// Whether this comes next; then it is passed over.
    mutating func skip(_ letter: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let next = rest.first, UInt32(next) == letter.value else { return false }
        rest.removeFirst()
        return true
    }

    mutating func expect(_ letter: Unicode.Scalar) throws {
        guard skip(letter) else { throw error(expected: "'\(letter)'", found: next) }
    }

    /// A string in either kind of quotes, without escapes.
    mutating func string() throws -> String {
        skipSpace()
        guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\""),
            let end = rest.dropFirst().firstIndex(of: quote)
        else { throw error(expected: "a string", found: next) }
        let text = rest[rest.startIndex + 1..<end]
        guard !text.contains(UInt8(ascii: "\\")), let string = String(validating: text, as: UTF8.self) else {
            throw error(expected: "a string without escapes", found: next)
        }
        rest = rest[(end + 1)...]
        return string
    }

    mutating func bool() throws -> Bool {
        skipSpace()
        for (word, value) in [("True", true), ("False", false)] where rest.starts(with: word.utf8) {
            rest = rest.dropFirst(word.utf8.count)
            return value
        }
        throw error(expected: "True or False", found: next)
    }

    /// A tuple of whole numbers from 0 on.
    mutating func numbers() throws -> [Int] {
        try expect("(")
        var numbers: [Int] = []
        while !skip(")") {
            skipSpace()
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
                throw error(expected: "a whole number", found: next)
            }
            rest = rest.dropFirst(digits.count)
            numbers.append(number)
            // A tuple of one number has a comma behind it.
            if !skip(",") {
                try expect(")")
                break
            }
        }
        return numbers
    }

    /// Throws unless only spaces are left.
    mutating func end() throws {
        skipSpace()
        guard rest.isEmpty else { throw error(expected: "nothing more", found: next) }
    }

    func error(expected: String, found: String) -> InputError {
        InputError(place, expected: expected, found: found)
    }

    private var next: String {
        rest.isEmpty ? "its end" : "'\(String(decoding: rest.prefix(20), as: UTF8.self))'"
    }

    private mutating func skipSpace() {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    }
}
