import Inputs

/// Reads a GGUF file's header from front to back; every length is checked against what is left of the file.
struct GGUFCursor {
    let file: InputFile
    private(set) var offset = 0
    /// What is being read, for error messages.
    var subject = "header"
    /// Bytes that were read ahead, and where in the file the first of them stands.
    private var window: [UInt8] = []
    private var windowStart = 0

    /// Far more than a chat template or a token has.
    private static let longestString = 16 << 20
    private static let windowBytes = 64 << 10

    init(_ file: InputFile) { self.file = file }

    var remaining: Int { file.size - offset }

    /// A little-endian number.
    mutating func number<Number: FixedWidthInteger>(_: Number.Type = Number.self) throws -> Number {
        let size = MemoryLayout<Number>.size
        guard remaining >= size else { throw cutOff("\(size) more bytes") }
        return try next(size) { Number(littleEndian: $0.loadUnaligned(as: Number.self)) }
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
        guard length <= Self.longestString else {
            throw error(expected: "a string of at most \(Self.longestString) bytes", found: "\(length)")
        }
        guard let text = try next(length, { String(validating: $0, as: UTF8.self) }) else {
            throw error(expected: "UTF-8 text", found: "\(length) bytes that are not at byte \(offset - length)")
        }
        return text
    }

    /// Passes over the next `count` bytes, which are in the file, and calls `body` with them.
    private mutating func next<Value>(_ count: Int, _ body: (UnsafeRawBufferPointer) -> Value) throws -> Value {
        if offset + count > windowStart + window.count {
            window = try file.bytes(offset..<offset + max(count, min(remaining, Self.windowBytes)))
            windowStart = offset
        }
        let start = offset - windowStart
        offset += count
        return window.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) }
    }

    func error(expected: String, found: String, hint: String = "") -> InputError {
        InputError("\(file.path): \(subject)", expected: expected, found: found, hint: hint)
    }

    private func cutOff(_ expected: String) -> InputError {
        error(
            expected: expected, found: "the end of the file at byte \(file.size)",
            hint: "the file is cut off: copy it again")
    }
}
