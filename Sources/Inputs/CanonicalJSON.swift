/// JSON in one form only: keys sorted by their UTF-8 bytes, two spaces of indent, shortest digits that read back as the
/// same double. The same value gives the same bytes everywhere.
public enum CanonicalJSON {
    /// The text, with a line feed at its end. Throws `InputError` for a number that JSON cannot hold.
    public static func text(_ value: Document.Value) throws -> String {
        var text = ""
        try write(value, indent: "", key: "", into: &text)
        return text + "\n"
    }

    /// The text in one line, with a line feed at its end, for files with a value a line. Throws as `text` does.
    public static func line(_ value: Document.Value) throws -> String {
        var text = ""
        try writeLine(value, key: "", into: &text)
        return text + "\n"
    }

    private static func writeLine(_ value: Document.Value, key: String, into text: inout String) throws {
        switch value {
        case .array(let list):
            text += "["
            for (index, element) in list.enumerated() {
                if index > 0 { text += "," }
                try writeLine(element, key: key, into: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, name) in members.keys.sorted(by: precedes).enumerated() {
                text += (index > 0 ? "," : "") + quoted(name) + ":"
                try writeLine(members[name] ?? .null, key: key.isEmpty ? name : "\(key).\(name)", into: &text)
            }
            text += "}"
        default: try write(value, indent: "", key: key, into: &text)
        }
    }

    private static func precedes(_ one: String, _ other: String) -> Bool {
        one.utf8.lexicographicallyPrecedes(other.utf8)
    }

    private static func write(_ value: Document.Value, indent: String, key: String, into text: inout String) throws {
        switch value {
        case .null: text += "null"
        case .bool(let flag): text += flag ? "true" : "false"
        case .integer(let whole): text += "\(whole)"
        case .number(let number):
            guard number.isFinite else {
                throw InputError("JSON: \(key)", expected: "a finite number", found: "\(number)")
            }
            text += "\(number)"
        case .string(let string): text += quoted(string)
        case .array(let list):
            let inner = indent + "  "
            text += list.isEmpty ? "[" : "[\n"
            for (index, element) in list.enumerated() {
                text += inner
                try write(element, indent: inner, key: "\(key)[\(index)]", into: &text)
                text += index + 1 < list.count ? ",\n" : "\n\(indent)"
            }
            text += "]"
        case .object(let members):
            let inner = indent + "  "
            let names = members.keys.sorted(by: precedes)
            text += names.isEmpty ? "{" : "{\n"
            for (index, name) in names.enumerated() {
                text += "\(inner)\(quoted(name)): "
                try write(
                    members[name] ?? .null, indent: inner, key: key.isEmpty ? name : "\(key).\(name)", into: &text)
                text += index + 1 < names.count ? ",\n" : "\n\(indent)"
            }
            text += "}"
        }
    }

    /// A JSON string; everything but quotes, backslashes and control characters stands for itself (RFC 8259, 7).
    private static func quoted(_ string: String) -> String {
        var text = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "\""
    }
}
