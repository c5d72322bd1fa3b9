/// Makes text that came from outside fit to be shown: the one place that every writer to a terminal or a log goes through.
///
/// A name, a host or an error may hold what a terminal obeys, what begins a new line, or what turns the order of letters
/// around. Such characters are shown as Swift writes them, `\u{1b}`; letters of all scripts stay what they are.
public enum Printable {
    /// The text on one line. A line break with the blanks around it, such as errors have before a hint, becomes `; `.
    public static func line(_ text: String) -> String {
        if isPlain(text) { return text }
        let lines = text.unicodeScalars.split(separator: "\n").map { line in
            let start = line.drop(while: isBlank)
            let end = start.lastIndex { !isBlank($0) }.map { start.index(after: $0) } ?? start.startIndex
            return escaped(start[..<end]) { _ in false }
        }
        return lines.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// The text with the line feeds that it has: for what is laid out in lines, of parts that went through `line`.
    public static func lines(_ text: String) -> String {
        isPlain(text) ? text : escaped(text.unicodeScalars) { $0 == "\n" }
    }

    /// A JSON text in which what would not be shown stands as JSON's own escapes. It means the same as before.
    public static func json(_ text: String) -> String {
        if isPlain(text) { return text }
        var shown = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            // Line breaks and tabs that are here raw stand between values: inside of strings JSON has none.
            guard isHidden(scalar), !"\n\r\t".unicodeScalars.contains(scalar) else {
                shown.append(scalar)
                continue
            }
            for unit in String(scalar).utf16 {
                let digits = String(unit, radix: 16)
                shown += "\\u\(String(repeating: "0", count: 4 - digits.count))\(digits)".unicodeScalars
            }
        }
        return String(shown)
    }

    /// A field of comma-separated values (RFC 4180): in quotes where it holds a comma, a quote or anything that is not shown.
    /// A line feed stays, inside of the quotes; anything else that is not shown is escaped as in `lines`. What begins with
    /// `=` stays as it is: the fields are data for programs, and a changed name would be another name.
    public static func csvField(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0 == "," || $0 == "\"" || isHidden($0) }) else { return text }
        return "\"" + lines(text).replacing("\"", with: "\"\"") + "\""
    }

    /// Whether the character shows nothing of itself, or does something else instead: controls, format characters (among them
    /// those that change the direction of writing, and joiners of no width), separators of lines and paragraphs.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x20...0x7E: return false
        case ...0x9F: return true
        default:
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: return true
            default: return false
            }
        }
    }

    private static func isPlain(_ text: String) -> Bool { text.utf8.allSatisfy { (0x20...0x7E).contains($0) } }

    private static func isBlank(_ scalar: Unicode.Scalar) -> Bool { scalar == " " || scalar == "\t" || scalar == "\r" }

    private static func escaped(
        _ scalars: some Sequence<Unicode.Scalar>, except isKept: (Unicode.Scalar) -> Bool
    ) -> String {
        var shown = String.UnicodeScalarView()
        for scalar in scalars {
            if isHidden(scalar), !isKept(scalar) {
                shown += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
            } else {
                shown.append(scalar)
            }
        }
        return String(shown)
    }
}
