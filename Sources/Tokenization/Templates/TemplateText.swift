import Foundation

/// Python's text forms of values: `str`, `repr` and `json.dumps`.
extension TemplateValue {
    /// `str(value)`: what `{{ value }}` prints.
    var text: String {
        switch self {
        case .undefined: ""
        case .string(let text): text
        default: representation
        }
    }

    /// `repr(value)`: how a value stands inside a printed list.
    private var representation: String {
        switch self {
        case .undefined: "Undefined"
        case .none: "None"
        case .bool(let flag): flag ? "True" : "False"
        case .integer(let whole): "\(whole)"
        case .float(let number): PythonText.float(number)
        case .string(let text): PythonText.quoted(text)
        case .list(let items): "[" + items.map(\.representation).joined(separator: ", ") + "]"
        case .tuple(let items):
            "(" + items.map(\.representation).joined(separator: ", ") + (items.count == 1 ? ",)" : ")")
        case .mapping(let mapping):
            "{" + mapping.members.map { "\($0.key.representation): \($0.value.representation)" }.joined(separator: ", ")
                + "}"
        case .namespace, .function, .macro, .loop: "<\(kind)>"
        }
    }

    /// `json.dumps(value, ensure_ascii=False, indent=indent)`; nil where a part of the value has no JSON form.
    func json(indent: Int?, level: Int = 0) -> String? {
        func wrapped(_ open: String, _ parts: [String], _ close: String) -> String {
            guard let indent, !parts.isEmpty else { return open + parts.joined(separator: ", ") + close }
            let inner = "\n" + String(repeating: " ", count: indent * (level + 1))
            let outer = "\n" + String(repeating: " ", count: indent * level)
            return open + inner + parts.joined(separator: "," + inner) + outer + close
        }
        switch self {
        case .none: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let whole): return "\(whole)"
        case .float(let number):
            return number.isFinite
                ? PythonText.float(number) : number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
        case .string(let text): return PythonText.json(text)
        case .list(let items), .tuple(let items):
            let parts = items.compactMap { $0.json(indent: indent, level: level + 1) }
            return parts.count == items.count ? wrapped("[", parts, "]") : nil
        case .mapping(let mapping):
            let parts = mapping.members.compactMap { member -> String? in
                guard case .string(let name) = member.key,
                    let value = member.value.json(indent: indent, level: level + 1)
                else {
                    return nil
                }
                return "\(PythonText.json(name)): \(value)"
            }
            return parts.count == mapping.members.count ? wrapped("{", parts, "}") : nil
        default: return nil
        }
    }
}

/// Python's ways with strings and numbers where Swift's differ.
enum PythonText {
    /// `repr(float)`: the shortest digits, exponents from 1e16 up and below 1e-4.
    static func float(_ number: Double) -> String {
        guard number.isFinite else { return number.isNaN ? "nan" : number < 0 ? "-inf" : "inf" }
        // Swift prints the same digits; only the exponent is spelt otherwise.
        let text = "\(number)"
        guard let mark = text.firstIndex(of: "e") else { return text }
        var digits = String(text[..<mark])
        if digits.hasSuffix(".0") { digits.removeLast(2) }
        let exponent = Int(text[text.index(after: mark)...]) ?? 0
        return "\(digits)e\(exponent < 0 ? "-" : "+")\(abs(exponent) < 10 ? "0" : "")\(abs(exponent))"
    }

    /// `repr(str)`.
    static func quoted(_ text: String) -> String {
        let quote: Unicode.Scalar =
            text.utf8.contains(UInt8(ascii: "'")) && !text.utf8.contains(UInt8(ascii: "\"")) ? "\"" : "'"
        var result = String.UnicodeScalarView([quote])
        for scalar in text.unicodeScalars {
            switch scalar {
            case quote, "\\": result.append(contentsOf: ["\\", scalar])
            case "\n": result.append(contentsOf: "\\n".unicodeScalars)
            case "\r": result.append(contentsOf: "\\r".unicodeScalars)
            case "\t": result.append(contentsOf: "\\t".unicodeScalars)
            default:
                if isPrintable(scalar) {
                    result.append(scalar)
                } else {
                    let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
                    result.append(contentsOf: "\\\(letter)\(hex(scalar, width))".unicodeScalars)
                }
            }
        }
        result.append(quote)
        return String(result)
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func hex(_ scalar: Unicode.Scalar, _ width: Int) -> String {
        let digits = String(scalar.value, radix: 16)
        return String(repeating: "0", count: width - digits.count) + digits
    }

    /// A JSON string as Python writes it without `ensure_ascii`.
    static func json(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{8}": result += "\\b"
            case "\u{C}": result += "\\f"
            case "\0"..<" ": result += "\\u\(hex(scalar, 4))"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    static func uppercased(_ text: String) -> String {
        text.unicodeScalars.map(\.properties.uppercaseMapping).joined()
    }

    static func lowercased(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        return scalars.indices.map { lowercased(scalars, $0) }.joined()
    }

    /// A capital sigma at the end of a word has its own small letter.
    private static func lowercased(_ scalars: [Unicode.Scalar], _ index: Int) -> String {
        guard scalars[index] == "\u{3A3}" else { return scalars[index].properties.lowercaseMapping }
        let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
        let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
        return before?.properties.isCased == true && after?.properties.isCased != true ? "\u{3C2}" : "\u{3C3}"
    }

    /// `str.capitalize`
    static func capitalized(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first else { return "" }
        return first.properties.titlecaseMapping + scalars.indices.dropFirst().map { lowercased(scalars, $0) }.joined()
    }

    /// `str.title`: the first letter of every run of cased letters large, the others small.
    static func titled(_ text: String) -> String {
        let scalars = Array(text.unicodeScalars)
        var previousIsCased = false
        return scalars.indices.map { index in
            defer { previousIsCased = scalars[index].properties.isCased }
            return previousIsCased ? lowercased(scalars, index) : scalars[index].properties.titlecaseMapping
        }.joined()
    }

    /// `str.strip`, `lstrip` and `rstrip`; without `characters`, white space.
    static func stripped(_ text: String, _ characters: String?, left: Bool, right: Bool) -> String {
        let drop = characters.map { Set($0.unicodeScalars) }
        func isDropped(_ scalar: Unicode.Scalar) -> Bool { drop?.contains(scalar) ?? scalar.isPythonSpace }
        var rest = text.unicodeScalars[...]
        if left { rest = rest.drop(while: isDropped) }
        if right { while let last = rest.last, isDropped(last) { rest.removeLast() } }
        return String(rest)
    }

    /// `str.split`: by white space, or by a separator that is not empty.
    static func split(_ text: String, _ separator: String?, most: Int) -> [String] {
        let scalars = Array(text.unicodeScalars)
        func string(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }
        var parts: [String] = []
        guard let separator else {
            var at = 0
            while true {
                while at < scalars.count, scalars[at].isPythonSpace { at += 1 }
                guard at < scalars.count else { return parts }
                guard most < 0 || parts.count < most else {
                    return parts + [string(at..<scalars.count)]
                }
                let start = at
                while at < scalars.count, !scalars[at].isPythonSpace { at += 1 }
                parts.append(string(start..<at))
            }
        }
        var start = 0
        for found in occurrences(of: separator, in: scalars) where most < 0 || parts.count < most {
            parts.append(string(start..<found))
            start = found + separator.unicodeScalars.count
        }
        return parts + [string(start..<scalars.count)]
    }

    /// `str.replace`; an empty `old` matches between all characters.
    static func replaced(_ text: String, _ old: String, _ new: String, most: Int) -> String {
        let scalars = Array(text.unicodeScalars)
        var result = String.UnicodeScalarView()
        let width = old.unicodeScalars.count
        var start = 0
        let found = width == 0 ? Array(0...scalars.count) : occurrences(of: old, in: scalars)
        for at in most < 0 ? found[...] : found.prefix(most) {
            result.append(contentsOf: scalars[start..<at])
            result.append(contentsOf: new.unicodeScalars)
            start = at + width
        }
        result.append(contentsOf: scalars[start...])
        return String(result)
    }

    /// `str.find` in scalars; -1 where it is not.
    static func find(_ text: String, _ wanted: String) -> Int {
        if wanted.isEmpty { return 0 }
        return occurrences(of: wanted, in: Array(text.unicodeScalars)).first ?? -1
    }

    /// Where `wanted` stands in `scalars`, without overlaps. Linear (Knuth, Morris, Pratt), whatever the texts repeat.
    private static func occurrences(of wanted: String, in scalars: [Unicode.Scalar]) -> [Int] {
        let wanted = Array(wanted.unicodeScalars)
        guard !wanted.isEmpty else { return [] }
        // For each end in `wanted` the longest start of it that ends there, too.
        var starts = [Int](repeating: 0, count: wanted.count)
        var matched = 0
        for at in wanted.indices.dropFirst() {
            while matched > 0, wanted[at] != wanted[matched] { matched = starts[matched - 1] }
            if wanted[at] == wanted[matched] { matched += 1 }
            starts[at] = matched
        }
        var found: [Int] = []
        matched = 0
        for at in scalars.indices {
            while matched > 0, scalars[at] != wanted[matched] { matched = starts[matched - 1] }
            if scalars[at] == wanted[matched] { matched += 1 }
            if matched == wanted.count {
                found.append(at + 1 - matched)
                matched = 0
            }
        }
        return found
    }
}
