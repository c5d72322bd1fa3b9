/// Lines of a text that comes in pieces.
struct LineSplitter {
    private var rest: [UInt8] = []

    /// The lines that end within the piece.
    mutating func take(_ piece: [UInt8]) -> [String] {
        rest += piece
        var lines: [String] = []
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(String(decoding: rest[..<end], as: UTF8.self))
            rest.removeSubrange(...end)
        }
        return lines
    }

    /// What came after the last line's end, if anything.
    mutating func finish() -> String? {
        defer { rest = [] }
        return rest.isEmpty ? nil : String(decoding: rest, as: UTF8.self)
    }
}
