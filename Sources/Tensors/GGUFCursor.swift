import Inputs

/// Reads a GGUF file's header from front to back; every length is checked against what is left of the file.
struct GGUFCursor {
    let file: MappedFile
    private(set) var offset = 0
    /// What is being read, for error messages.
    var subject = "header"

    init(_ file: MappedFile) { self.file = file }

    var remaining: Int { file.bytes.count - offset }

    /// A little-endian number.
    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws -> Number {
        let size = MemoryLayout<Number>.size
        guard remaining >= size else { throw cutOff("\(size) more bytes") }
        defer { offset += size }
        return Number(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: Number.self))
    }

    /// A 64-bit count of things that take at least `size` bytes each: more than the file can hold is refused, so that
    /// nothing is allocated on the word of a damaged file.
    mutating func count(of things: String, atLeast size: Int) throws -> Int {
        let stated = try number(UInt64.self)
        guard stated <= UInt64(remaining / size) else {
            throw error(
                expected: "at most \(remaining / size) \(things) in what is left of the file", found: "\(stated)")
        }
        return Int(stated)
    }

    /// A string: 64-bit length, then UTF-8 bytes.
    mutating func string() throws -> String {
        let length = try count(of: "bytes", atLeast: 1)
        defer { offset += length }
        guard let text = String(validating: file.bytes[offset..<offset + length], as: UTF8.self) else {
            throw error(expected: "UTF-8 text", found: "\(length) bytes that are not at byte \(offset)")
        }
        return text
    }

    func error(expected: String, found: String, hint: String = "") -> InputError {
        InputError("\(file.path): \(subject)", expected: expected, found: found, hint: hint)
    }

    private func cutOff(_ expected: String) -> InputError {
        error(
            expected: expected, found: "the end of the file at byte \(file.bytes.count)",
            hint: "the file is cut off: copy it again")
    }
}
