import Inputs

/// Bytes of tokens as text for people: line feeds and tabs are drawn, bytes that are no UTF-8 are named, and what a terminal
/// would obey is escaped.
enum ShownBytes {
    /// Such as `one line↵⟨0xE2⟩`.
    static func text(_ bytes: [UInt8]) -> String {
        var shown = ""
        var rest = bytes[...]
        while let first = rest.first {
            let length = length(first)
            if let length, rest.count >= length, let text = String(validating: rest.prefix(length), as: UTF8.self) {
                shown += draw(text)
                rest = rest.dropFirst(length)
            } else {
                let digits = String(first, radix: 16, uppercase: true)
                shown += "⟨0x\(digits.count < 2 ? "0" : "")\(digits)⟩"
                rest = rest.dropFirst()
            }
        }
        return shown
    }

    /// Bytes of the character that begins with this byte; nil where none does.
    private static func length(_ first: UInt8) -> Int? {
        switch first {
        case ..<0x80: 1
        case 0xC2...0xDF: 2
        case 0xE0...0xEF: 3
        case 0xF0...0xF4: 4
        default: nil
        }
    }

    private static func draw(_ text: String) -> String {
        switch text {
        case "\n": "↵"
        case "\t": "⇥"
        default: Printable.line(text)
        }
    }
}
