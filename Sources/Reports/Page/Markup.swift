import Foundation
import Inputs
import Mustache

/// HTML or SVG in which every text from outside is escaped. Templates show nothing else.
///
/// Mustache's own escaping takes characters as Swift counts them: a quote with a combining accent is another character to
/// it than a quote, and is left as it is, which a browser reads as the end of an attribute. So texts are escaped here, scalar
/// by scalar, and templates insert them as they are, by `{{{name}}}`.
struct Markup: Sendable, Hashable, MustacheCustomRenderable, TemplateValue {
    let source: String

    /// Scalars of a text that are shown.
    static let longestText = 200

    /// Takes what is HTML or SVG already.
    init(source: String) {
        self.source = source
    }

    /// Any text. What shows nothing, or changes what is shown beside it, stands as Swift writes it, such as `\u{202e}`; a long
    /// text is cut, with a word about it.
    init(text: String, atMost most: Int = longestText) {
        let scalars = text.unicodeScalars
        let source = Self.escaped(Printable.line(String(scalars.prefix(most))))
        let more = scalars.count - min(most, scalars.count)
        self.source = more > 0 ? "\(source)… (\(Count.text(more)) more characters)" : source
    }

    /// A text in which `ShownBytes` has drawn whatever does not show.
    init(drawn text: String) {
        source = Self.escaped(text)
    }

    private static func escaped(_ text: String) -> String {
        var source = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": source += "&lt;"
            case ">": source += "&gt;"
            case "&": source += "&amp;"
            case "\"": source += "&quot;"
            case "'": source += "&#39;"
            default: source.unicodeScalars.append(scalar)
            }
        }
        return source
    }

    /// A name, which may be written from right to left without moving what stands beside it.
    init(name: String) {
        source = "<bdi>\(Markup(text: name).source)</bdi>"
    }

    var renderText: String { source }
    var isNull: Bool { false }
}

/// What a template may be given: markup, whether something is shown, or lists of further fields.
protocol TemplateValue: Sendable {}

/// What a template is filled in with, by the names in it.
typealias Fields = [String: any TemplateValue]

extension Bool: TemplateValue {}
extension Array: TemplateValue where Element == Fields {}

/// Whole numbers for people.
enum Count {
    /// With commas between thousands.
    static func text(_ count: Int) -> String {
        let digits = Array("\(abs(count))")
        var text = count < 0 ? "-" : ""
        for (at, digit) in digits.enumerated() {
            if at > 0, (digits.count - at) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// With the word for the things that are counted, such as `1 prompt` and `1,200 prompts`.
    static func text(_ count: Int, _ word: String) -> String { "\(text(count)) \(word)\(count == 1 ? "" : "s")" }
}
