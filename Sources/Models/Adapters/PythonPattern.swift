import Foundation
import Inputs

/// A regular expression of Python's `re`, as PEFT's configuration has them, for module paths.
///
/// The two engines agree on what such patterns use. What they read differently is refused, never guessed at.
struct PythonPattern {
    private let expression: NSRegularExpression
    private let place: String

    /// The longest pattern, in bytes of UTF-8. Patterns that list modules have some hundreds.
    private static let longest = 64 << 10
    /// Shared by all patterns of an adapter.
    private let effort: Effort

    /// What matching an adapter's patterns has cost so far.
    final class Effort {
        /// How often the engine may report progress, which it does every 10,000 steps: half a second at most. A pattern that
        /// does not backtrack without end never gets to the first report, because the paths of modules are short.
        let mostReports: Int
        var reports = 0

        init(mostReports: Int = 500) { self.mostReports = mostReports }
    }

    /// Compiles `text`, with the given text around it; `place` is named in errors.
    init(_ text: String, prefix: String = "", suffix: String = "", effort: Effort, place: String) throws {
        self.place = place
        self.effort = effort
        guard text.utf8.count <= Self.longest else {
            throw InputError(
                place, expected: "a regular expression of at most \(Self.longest) bytes",
                found: "\(text.utf8.count) bytes", hint: "list the modules by name")
        }
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

    /// `re.match(…) is not None`: a match that begins where the text begins. Throws `InputError` where that cannot be told
    /// within the limits of steps and memory.
    func matchesStart(of text: String) throws -> Bool { try match(text) != nil }

    /// The text of the group `name` in `re.match(…)`; nil without a match. Throws as `matchesStart(of:)` does.
    func group(_ name: String, in text: String) throws -> String? {
        guard let range = try match(text)?.range(withName: name) else { return nil }
        return Range(range, in: text).map { String(text[$0]) }
    }

    private func match(_ text: String) throws -> NSTextCheckingResult? {
        var found: NSTextCheckingResult?
        var isExhausted = false
        expression.enumerateMatches(
            in: text, options: [.anchored, .reportProgress, .reportCompletion],
            range: NSRange(text.startIndex..., in: text)
        ) { result, flags, stop in
            if flags.contains(.progress) { effort.reports += 1 }
            isExhausted = isExhausted || effort.reports > effort.mostReports || flags.contains(.internalError)
            found = found ?? result
            if found != nil || isExhausted { stop.pointee = true }
        }
        guard found != nil || !isExhausted else {
            throw InputError(
                place, expected: "a regular expression that is matched within its limits of steps and memory",
                found: "one that goes on for the module \(text)",
                hint:
                    "it can match one text in very many ways: write it without repetitions inside of repetitions, or list "
                    + "the modules by name")
        }
        return found
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
