/// A SHA-256 digest, written as 64 lower-case hexadecimal digits. Whoever holds one says what it is of: content (before
/// compression, the same everywhere) or transfer (the bytes as they are sent or stored).
public struct Digest: Sendable, Hashable, Codable, Comparable, CustomStringConvertible {
    /// 32 bytes.
    public let bytes: [UInt8]

    /// Takes 32 raw bytes; nil for any other number.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.bytes = Array(bytes)
    }

    /// Parses 64 hexadecimal digits.
    public init?(hex: String) {
        let digits = Array(hex.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for at in stride(from: 0, to: 64, by: 2) {
            guard let high = Self.value(digits[at]), let low = Self.value(digits[at + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        self.bytes = bytes
    }

    /// The digest of bytes in memory.
    public init(of data: UnsafeRawBufferPointer) {
        var hash = SHA256()
        hash.update(data)
        bytes = hash.finish()
    }

    /// The digest of a file, read piece by piece. `step` is called after each piece; what it throws ends the reading.
    /// Throws `InputError` where the file cannot be read to its end.
    public init(of file: InputFile, step: () throws -> Void = {}) throws {
        var hash = SHA256()
        try file.forEachPiece(of: 0..<file.size) { piece in
            hash.update(piece)
            try step()
            return true
        }
        bytes = hash.finish()
    }

    /// The digest of a file, whose pieces `take` gets in order while they are read. Throws what `take` throws, and
    /// `InputError` where the file cannot be read to its end.
    public init(of file: InputFile, take: (UnsafeRawBufferPointer) throws -> Void) throws {
        var hash = SHA256()
        try file.forEachPiece(of: 0..<file.size) { piece in
            hash.update(piece)
            try take(piece)
            return true
        }
        bytes = hash.finish()
    }

    /// The digest of an array.
    public init(of data: [UInt8]) {
        self = data.withUnsafeBytes { Digest(of: $0) }
    }

    /// The digest of a string's UTF-8 bytes.
    public init(of text: String) {
        self.init(of: Array(text.utf8))
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let digest = Digest(hex: text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "expected 64 hexadecimal digits")
        }
        self = digest
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    public static func < (left: Digest, right: Digest) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }

    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
