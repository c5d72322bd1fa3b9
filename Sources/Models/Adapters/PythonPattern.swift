import Foundation
import Inputs

/// A regular expression of Python's `re`, as PEFT's configuration has them, for module paths.
///
/// The two engines agree on what such patterns use. What they read differently is refused, never guessed at.
struct PythonPattern {
    private let expression: NSRegularExpression

    /// Compiles `text`, with the given text around it; `place` is named in errors.
    init(_ text: String, prefix: String = "", suffix: String = "", place: String) throws {
        guard Self.meansTheSame(text) else {
            throw InputError(
                place, expected: "a regular expression without conditions, or sets in sets", found: "\"\(text)\"",
                hint: "list the modules by name")
        }
        let pattern = (prefix + text + suffix).replacingOccurrences(of: "(?P<", with: "(?<")
        do {
            expression = try NSRegularExpression(pattern: pattern)
        } catch {
            throw InputError(place, expected: "a regular expression", found: "\"\(text)\"")
        }
    }

    /// `re.match(…) is not None`: a match that begins where the text begins.
    func matchesStart(of text: String) -> Bool { match(text) != nil }

    /// The text of the group `name` in `re.match(…)`; nil without a match.
    func group(_ name: String, in text: String) -> String? {
        guard let range = match(text)?.range(withName: name) else { return nil }
        return Range(range, in: text).map { String(text[$0]) }
    }

    private func match(_ text: String) -> NSTextCheckingResult? {
        expression.firstMatch(in: text, options: .anchored, range: NSRange(text.startIndex..., in: text))
    }

    /// False for Python's named back-references and conditions, and inside a set for a bracket, `&&` or `--`, which are
    /// plain characters in Python and operators here.
    private static func meansTheSame(_ text: String) -> Bool {
        guard !text.contains("(?P="), !text.contains("(?(") else { return false }
        var (inSet, escaped) = (false, false)
        var last: Character?
        for character in text {
            defer { last = escaped ? nil : character }
            if escaped {
                escaped = false
            } else if character == "\\" {
                escaped = true
            } else if !inSet {
                inSet = character == "["
            } else if character == "[" || (character == last && "&-".contains(character)) {
                return false
            } else if character == "]" {
                inSet = false
            }
        }
        return true
    }
}
