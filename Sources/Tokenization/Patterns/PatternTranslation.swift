import Inputs

/// Rewrites a regular expression from the dialect of Hugging Face tokenizers (Oniguruma) into PCRE2's.
///
/// Only constructs whose meaning is known to be the same after rewriting pass; anything else is refused by name, since
/// the two dialects share most of their spelling but not all of their meaning: `\h` is a hexadecimal digit there and a
/// blank here, `{2}+` repeats there and is possessive here, `\s` here contains U+180E, `\w` has another set of letters,
/// and `[` inside a class opens a nested one there. See the Oniguruma file `doc/RE` and `man pcre2pattern`.
///
/// Into the pattern go callouts, through which `PatternEffort` counts what a match does: at the start of every group, and
/// round every item that repeats. They match nothing and change no match.
struct PatternTranslation {
    private let source: [Unicode.Scalar]
    private let text: String
    private let place: String
    private var at = 0
    private var output: [Unicode.Scalar] = []
    /// Where in `output` the groups that are open begin.
    private var groups: [Int] = []
    /// Where in `output` the item begins that a quantifier would repeat; nil where there is none.
    private var item: Int?

    /// Calls `PatternEffort`.
    static let callout = "(?C)"

    /// General categories; scripts and other properties mean different things in the two libraries.
    private static let categories: Set<String> = [
        "L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe",
        "Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp",
    ]

    init(_ pattern: String, place: String) {
        text = pattern
        source = Array(pattern.unicodeScalars)
        self.place = place
    }

    /// The same pattern for PCRE2 with UTF and UCP.
    func translated() throws -> String {
        var work = self
        while let next = work.next {
            let start = work.output.count
            switch next {
            case "\\":
                try work.escape(inClass: false)
                work.item = start
            case "[":
                try work.characterClass()
                work.item = start
            case "(": try work.groupStart()
            case ")":
                guard let group = work.groups.popLast() else { throw work.refusal("brackets that do not match") }
                work.copy()
                work.item = group
            case "*", "+", "?": try work.quantifier()
            case "{": try work.interval()
            case "|":
                work.copy()
                work.item = nil
            case "^", "$": throw work.refusal("the anchor '\(next)'")
            case ".": throw work.refusal("'.'")
            default:
                work.copy()
                work.item = start
            }
        }
        guard work.groups.isEmpty else { throw refusal("brackets that do not match") }
        return String(String.UnicodeScalarView(work.output))
    }

    private var next: Unicode.Scalar? { at < source.count ? source[at] : nil }

    private mutating func copy() {
        output.append(source[at])
        at += 1
    }

    private mutating func copy(_ literal: String) -> Bool {
        let wanted = Array(literal.unicodeScalars)
        guard source[at...].starts(with: wanted) else { return false }
        output.append(contentsOf: wanted)
        at += wanted.count
        return true
    }

    private func refusal(_ what: String) -> InputError {
        InputError(
            place, expected: "a pattern of literals, classes, \\p{category}, \\s, \\d, groups and repetitions",
            found: "\(what) in \"\(text)\"",
            hint: "only constructs that mean the same in Oniguruma and PCRE2 are taken")
    }

    private mutating func groupStart() throws {
        groups.append(output.count)
        item = nil
        if !["(?:", "(?i:", "(?=", "(?!", "(?>"].contains(where: { copy($0) }) {
            // `(*` begins what is no pattern in either library: verbs, which can lift limits, and callouts by name.
            guard at + 1 >= source.count || !"?*".unicodeScalars.contains(source[at + 1]) else {
                throw refusal("the group '\(String(String.UnicodeScalarView(source[at...].prefix(4))))'")
            }
            copy()
        }
        output.append(contentsOf: Self.callout.unicodeScalars)
    }

    /// `*`, `+`, `?` and their lazy (`?`) and possessive (`+`) forms mean the same in both.
    private mutating func quantifier() throws {
        let quantifier = source[at]
        copy()
        if next == "?" || next == "+" { copy() }
        try count(quantifier)
    }

    /// Puts callouts round the item that the quantifier just taken over repeats.
    private mutating func count(_ quantifier: Unicode.Scalar) throws {
        guard let item else { throw refusal("'\(quantifier)' with nothing to repeat") }
        // What is there at most once goes no way that could not be told afterwards.
        if quantifier != "?" { output.insert(contentsOf: Self.callout.unicodeScalars, at: item) }
        output.append(contentsOf: Self.callout.unicodeScalars)
        self.item = nil
    }

    /// `{n}`, `{n,}` and `{n,m}`; what follows must not change them, since `{n}+` and `{n}?` mean different things.
    private mutating func interval() throws {
        guard let close = source[at...].firstIndex(of: "}") else { throw refusal("'{' that is not closed") }
        let parts = source[(at + 1)..<close].split(separator: ",", omittingEmptySubsequences: false)
        let digits = parts.map { $0.allSatisfy { ("0"..."9").contains($0) } ? $0.count : -1 }
        guard (1...2).contains(parts.count), (1...5).contains(digits[0]), (0...5).contains(digits.last ?? -1) else {
            throw refusal("'\(String(String.UnicodeScalarView(source[at...close])))'")
        }
        output.append(contentsOf: source[at...close])
        at = close + 1
        if let next, "?+*{".unicodeScalars.contains(next) { throw refusal("'\(next)' after an interval") }
        try count("{")
    }

    private mutating func characterClass() throws {
        copy()
        if next == "^" { copy() }
        guard next != "]" else { throw refusal("']' at the start of a class") }
        while let next, next != "]" {
            switch next {
            case "[": throw refusal("'[' inside a class")
            case "&" where at + 1 < source.count && source[at + 1] == "&": throw refusal("'&&' inside a class")
            case "\\": try escape(inClass: true)
            default: copy()
            }
        }
        guard next != nil else { throw refusal("'[' that is not closed") }
        copy()
    }

    private mutating func escape(inClass: Bool) throws {
        guard at + 1 < source.count else { throw refusal("'\\' at the end") }
        let escaped = source[at + 1]
        switch escaped {
        case "p", "P": try property()
        case "s": replaceEscape(inClass ? Self.spaces : "[\(Self.spaces)]")
        case "S":
            guard !inClass else { throw refusal("'\\S' inside a class") }
            replaceEscape("[^\(Self.spaces)]")
        case "d": replaceEscape("\\p{Nd}")
        case "D": replaceEscape("\\P{Nd}")
        case "r", "n", "t", "f":
            copy()
            copy()
        default:
            guard escaped.isASCII, !escaped.properties.isAlphabetic, !("0"..."9").contains(escaped) else {
                throw refusal("'\\\(escaped)'")
            }
            copy()
            copy()
        }
    }

    /// Unicode's White_Space, spelt out: PCRE2's own `\s` also contains U+180E.
    private static let spaces =
        #"\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}"#

    private mutating func replaceEscape(_ replacement: String) {
        output.append(contentsOf: replacement.unicodeScalars)
        at += 2
    }

    private mutating func property() throws {
        guard at + 2 < source.count, source[at + 2] == "{", let close = source[at...].firstIndex(of: "}") else {
            throw refusal("'\\\(source[at + 1])' without a name in braces")
        }
        let name = String(String.UnicodeScalarView(source[(at + 3)..<close]))
        guard Self.categories.contains(name) else { throw refusal("the property '\(name)'") }
        output.append(contentsOf: source[at...close])
        at = close + 1
    }
}
