import Foundation
import Testing
@testable import Inputs

/// Names and errors from outside, as terminals and logs get them.
@Suite struct PrintableTests {
    private let hostile =
        "\u{1b}[2Jx\u{1b}]52;c;Zm9v\u{7}\u{9b}31m\u{7f}\u{202e}drow\u{2066}\u{200b}\u{feff}\u{2028}\u{2029}\r\u{0}\t\u{e0041}"

    @Test("what a terminal obeys, what turns letters around and what has no width is shown as an escape")
    func escapes() {
        let shown =
            #"\u{1b}[2Jx\u{1b}]52;c;Zm9v\u{7}\u{9b}31m\u{7f}\u{202e}drow\u{2066}\u{200b}\u{feff}\u{2028}\u{2029}\u{d}\u{0}\u{9}\u{e0041}"#
        #expect(Printable.lines(hostile) == shown)
        for text in [Printable.line(hostile), Printable.lines(hostile)] {
            #expect(!text.unicodeScalars.contains { Printable.isHidden($0) })
        }
        for code in (0...0x1F).map({ $0 as UInt32 }) + Array(0x7F...0x9F) where code != 0xA {
            let scalar = Unicode.Scalar(code).map(String.init) ?? ""
            #expect(Printable.lines("a\(scalar)b") == "a\\u{\(String(code, radix: 16))}b")
        }
    }

    @Test("letters of all scripts stay what they are")
    func letters() {
        for text in ["plain", "Größe → 5 %", "名前", "имя", "اسم", "שם", "हिन्दी", "e\u{301}", "🙂", "█░"] {
            #expect(Printable.line(text) == text && Printable.lines(text) == text && Printable.json(text) == text)
        }
    }

    @Test("on one line a break becomes a semicolon; where lines are laid out it stays")
    func lineBreaks() {
        #expect(Printable.line("a\n  hint: b\r\n\n c ") == "a; hint: b; c")
        #expect(Printable.lines("a\n  hint: b") == "a\n  hint: b")
        #expect(Printable.line("") == "" && Printable.line("\n\n") == "")
        #expect(
            Printable.line("name\n2026-01-01T00:00:00Z critical forged") == "name; 2026-01-01T00:00:00Z critical forged"
        )
    }

    @Test("an error is one line and a hint, whatever its fields hold")
    func errors() {
        let error = InputError("a\nb", expected: "\u{1b}c", found: "d\n  hint: do", hint: "e\nf")
        #expect("\(error)" == "a; b: expected \\u{1b}c, found d; hint: do\n  hint: e; f")
        #expect("\(error)".split(separator: "\n").count == 2)
    }

    @Test("JSON shows nothing raw and means the same")
    func json() throws {
        let value = Document.Value.object(["k\u{202e}": .array([.string(hostile + "\n\"\\🙂"), .integer(1)])])
        let text = try CanonicalJSON.text(value)
        let shown = Printable.json(text)
        #expect(!shown.unicodeScalars.contains { Printable.isHidden($0) && $0 != "\n" })
        let (before, after) = (
            try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary,
            try JSONSerialization.jsonObject(with: Data(shown.utf8)) as? NSDictionary
        )
        #expect(before != nil && before == after)
    }

    @Test("fields of comma-separated values are quoted where they must be; formulas stay")
    func csv() {
        #expect(Printable.csvField("plain") == "plain")
        #expect(Printable.csvField("a,\"b\"") == "\"a,\"\"b\"\"\"")
        #expect(Printable.csvField("a\u{1b}b") == "\"a\\u{1b}b\"")
        #expect(Printable.csvField("a\nb") == "\"a\nb\"")
        #expect(Printable.csvField("=1+1") == "=1+1")
    }
}
