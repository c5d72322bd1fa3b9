import Exemplars
import Inputs

/// An example on one line of a terminal: the tokens around the strongest one, which stands between « and ».
struct ExampleText: CustomStringConvertible {
    let description: String

    /// Bytes before and after the token, at most.
    private static let (before, after) = (48, 24)
    /// Bytes of a token, at most: some are hundreds of blanks.
    private static let longest = 60

    init(_ example: LatentPage.Example) {
        let before = example.tokens[..<example.peak].flatMap { $0 }
        let after = example.tokens[(example.peak + 1)...].flatMap { $0 }
        let peak = example.tokens[example.peak]
        description =
            Self.end(before, Self.before) + "«" + Self.start(peak, Self.longest) + "»" + Self.start(after, Self.after)
    }

    private static func start(_ bytes: [UInt8], _ most: Int) -> String {
        guard bytes.count > most else { return ShownBytes.text(bytes) }
        var end = most
        while end > 0, isContinued(bytes[end]) { end -= 1 }
        return ShownBytes.text(Array(bytes[..<end])) + "…"
    }

    private static func end(_ bytes: [UInt8], _ most: Int) -> String {
        guard bytes.count > most else { return ShownBytes.text(bytes) }
        var start = bytes.count - most
        while start < bytes.count, isContinued(bytes[start]) { start += 1 }
        return "…" + ShownBytes.text(Array(bytes[start...]))
    }

    /// Whether a byte is within a character, not its first.
    private static func isContinued(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }
}
