import Inputs

/// Rows of comma-separated values as RFC 4180 has them: quotes round fields with commas, quotes or line ends; a quote within
/// is written twice.
struct CSVReader {
    /// A row with the 1-based line that it begins on.
    struct Row: Hashable {
        var line: Int
        var fields: [String]
    }

    private let bytes: [UInt8]
    private let file: String
    private var at = 0
    private var line = 1

    private static let (comma, quote) = (UInt8(ascii: ","), UInt8(ascii: "\""))
    private static let (feed, carriage) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))

    /// Reads UTF-8 text.
    init(_ bytes: [UInt8], file: String) {
        (self.bytes, self.file) = (bytes, file)
    }

    /// The next row that is not empty; nil at the end. Throws `InputError` with the line for quotes that do not fit.
    mutating func row() throws -> Row? {
        while at < bytes.count, endsLine() {}
        guard at < bytes.count else { return nil }
        var row = Row(line: line, fields: [])
        while true {
            row.fields.append(try field())
            if at < bytes.count, bytes[at] == Self.comma {
                at += 1
            } else {
                _ = endsLine()
                return row
            }
        }
    }

    /// Passes over the end of a line, if one is here.
    private mutating func endsLine() -> Bool {
        if at < bytes.count, bytes[at] == Self.feed {
            at += 1
        } else if at + 1 < bytes.count, bytes[at] == Self.carriage, bytes[at + 1] == Self.feed {
            at += 2
        } else {
            return false
        }
        line += 1
        return true
    }

    private mutating func field() throws -> String {
        guard at < bytes.count, bytes[at] == Self.quote else { return try plainField() }
        let start = line
        at += 1
        var content: [UInt8] = []
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            guard byte == Self.quote else {
                if byte == Self.feed { line += 1 }
                content.append(byte)
                continue
            }
            guard at < bytes.count, bytes[at] == Self.quote else {
                try requireEnd()
                return String(decoding: content, as: UTF8.self)
            }
            content.append(Self.quote)
            at += 1
        }
        throw InputError("\(file):\(start)", expected: "a closing quote", found: "the end of the file")
    }

    private mutating func plainField() throws -> String {
        let start = at
        while at < bytes.count, bytes[at] != Self.comma, bytes[at] != Self.feed {
            if bytes[at] == Self.quote {
                throw InputError(
                    "\(file):\(line)", expected: "quotes round the whole field", found: "one within it",
                    hint: "put the field in quotes, and write each quote in it twice")
            }
            if bytes[at] == Self.carriage, at + 1 < bytes.count, bytes[at + 1] == Self.feed { break }
            at += 1
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    /// After a closing quote.
    private func requireEnd() throws {
        guard at < bytes.count else { return }
        let next = bytes[at]
        guard next == Self.comma || next == Self.feed || next == Self.carriage else {
            throw InputError(
                "\(file):\(line)", expected: "a comma or the end of the line after a closing quote",
                found: "something else", hint: "write a quote within a field twice")
        }
    }
}
