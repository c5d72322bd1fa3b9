import Testing

@testable import Tokenization

struct PatternTests {
    @Test(
        "constructs whose meaning differs between Oniguruma and PCRE2 are refused by name",
        arguments: [
            (#"\w+"#, #"'\w'"#), (#"\h"#, #"'\h'"#), (#"a\b"#, #"'\b'"#), (#"\R"#, #"'\R'"#), (#"(a)\1"#, #"'\1'"#),
            (#"\p{Han}+"#, "the property 'Han'"), (#"\p{^L}"#, "the property '^L'"), (#"\pL"#, #"'\p' without a name"#),
            ("a{1,3}+", "'+' after an interval"), ("a{2}?", "'?' after an interval"), ("a{,3}", "'{,3}'"),
            ("a{x", "'{' that is not closed"), ("[a[bc]]", "'[' inside a class"), ("[a&&b]", "'&&' inside a class"),
            ("[]a]", "']' at the start of a class"), (#"[\S]"#, #"'\S' inside a class"#),
            ("[ab", "'[' that is not closed"),
            ("^a", "the anchor '^'"), ("a$", "the anchor '$'"), ("a.b", "'.'"), ("(?i)a", "the group '(?i)'"),
            ("(?<=a)b", "the group '(?<='"), ("(?m:a)", "the group '(?m:'"), ("(a", "brackets that do not match"),
            ("a)(b", "brackets that do not match"),
            ("(*NO_JIT)a", "the group '(*NO'"), ("(*LIMIT_MATCH=4294967295)a", "the group '(*LI'"),
            ("a(*ACCEPT)", "the group '(*AC'"), ("b|(*UTF)(a)", "the group '(*UT'"), ("a|*b", "'*' with nothing"),
            (String(repeating: "(", count: 300) + "(*COMMIT)", "the group '(*CO'"),
            (#"a\"#, #"'\' at the end"#),
        ])
    func refused(_ pattern: String, _ found: String) throws {
        let text = refusal { _ = try Pattern(regex: pattern, place: "file: key") }
        #expect(text.hasPrefix("file: key: expected a pattern of literals"), "\(text)")
        #expect(text.contains(found), "\(text)")
    }

    @Test("what PCRE2 cannot compile is refused with its reason")
    func notCompiled() {
        let text = refusal { _ = try Pattern(regex: "[z-a]", place: "file: key") }
        #expect(
            text == "file: key: expected a pattern that PCRE2 can compile, found \"[z-a]\": "
                + "range out of order in character class at byte 3")
    }

    @Test("a pattern that can match nothing is refused")
    func empty() {
        #expect(
            refusal { _ = try Pattern(regex: "a*", place: "file: key") }
                == "file: key: expected a pattern that matches at least one character, found \"a*\"")
    }

    @Test("white space is Unicode's, without U+180E")
    func whiteSpace() throws {
        let pattern = try Pattern(regex: #"\s"#, place: "test")
        let spaces = (UInt32(0)...0x3100).compactMap(Unicode.Scalar.init).filter { scalar in
            let bytes = Array(String(scalar).utf8)
            return (try? pattern.matches(in: bytes, 0..<bytes.count, with: PatternScratch(textBytes: bytes.count)))?
                .isEmpty == false
        }
        #expect(spaces == (UInt32(0)...0x3100).compactMap(Unicode.Scalar.init).filter(\.properties.isWhitespace))
        #expect(spaces.count == 25)
    }

    @Test("letters and numbers are those of Unicode 16, whatever PCRE2 knows")
    func unicodeVersion() throws {
        let categories = ["L": 141_028, "N": 1_911]
        for (category, count) in categories {
            let pattern = try Pattern(regex: "\\p{\(category)}", place: "test")
            var text = String.UnicodeScalarView()
            text.append(contentsOf: (UInt32(0)...0x10FFFF).compactMap(Unicode.Scalar.init))
            let bytes = PatternSubject.make(Array(String(text).utf8))
            // Counts of Oniguruma in tokenizers 0.23.3.
            #expect(
                try pattern.matches(in: bytes, 0..<bytes.count, with: PatternScratch(textBytes: bytes.count)).count
                    == count)
        }
    }

    @Test("a match sees nothing outside of its range")
    func range() throws {
        let pattern = try Pattern(regex: #"a(?!b)"#, place: "test")
        let bytes = Array("aab".utf8)
        #expect(try pattern.matches(in: bytes, 0..<3, with: PatternScratch(textBytes: bytes.count)) == [0..<1])
        #expect(try pattern.matches(in: bytes, 1..<2, with: PatternScratch(textBytes: bytes.count)) == [1..<2])
    }

    /// Minutes to hours each without the count of steps. PCRE2's limit alone ends the first two.
    @Test(
        "patterns that backtrack without end are stopped with an error, never taken for ones that do not match",
        arguments: [
            "(?:a|a)*b", "(a+)+[bc]", "a*[bc]", "a*a*+[bc]", "(?:(?=a*+)a)+[bc]", "(?:(?=a{1,9999})a)+?[bc]",
            "(?:a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?a?[bc])",
        ])
    func endless(_ regex: String) throws {
        let pattern = try Pattern(regex: regex, place: "file: key")
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 20)
        let start = ContinuousClock.now
        let text = refusal {
            _ = try pattern.matches(in: bytes, 0..<bytes.count, with: PatternScratch(textBytes: 1 << 20))
        }
        #expect(text.hasPrefix("file: key: expected the pattern to be matched within its limits"), "\(text)")
        #expect(ContinuousClock.now - start < .seconds(60))
        print("\(regex): \(ContinuousClock.now - start)")
    }

    @Test("all pieces of a text share one limit")
    func pieces() throws {
        let pattern = try Pattern(regex: "(?:a|a)*[bc]", place: "file: key")
        let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: 1 << 16)
        let scratch = PatternScratch(textBytes: bytes.count)
        let start = ContinuousClock.now
        let text = refusal {
            for from in stride(from: 0, to: bytes.count, by: 16) {
                _ = try pattern.matches(in: bytes, from..<from + 16, with: scratch)
            }
        }
        #expect(text.contains("found more than \(scratch.effort.limit) steps in a text of 16 bytes"), "\(text)")
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test(
        "known tokenizers take far fewer steps than their limit for texts of a megabyte",
        arguments: [PretokenizerPattern.gpt2, .llama3, .qwen2],
        ["The fox's 123456 jumps,  é漢字!\n\n", " ", "a", "\n", "1", "!"])
    func honest(_ known: PretokenizerPattern, _ unit: String) throws {
        let bytes = Array(String(repeating: unit, count: (1 << 20) / unit.utf8.count).utf8)
        let scratch = PatternScratch(textBytes: bytes.count)
        let found = try known.compiled().matches(in: bytes, 0..<bytes.count, with: scratch)
        #expect(found.reduce(0) { $0 + $1.count } == bytes.count)
        #expect(scratch.effort.used < scratch.effort.limit / 10, "\(scratch.effort.used) of \(scratch.effort.limit)")
    }

    @Test("long patterns are refused")
    func long() {
        let text = String(repeating: "a", count: 5000)
        for make in [
            { try Pattern(regex: text, place: "file: key") }, { try Pattern(literal: text, place: "file: key") },
        ] {
            #expect(
                refusal { _ = try make() }
                    == "file: key: expected a pattern of at most 4096 bytes, found 5000 bytes")
        }
    }
}
