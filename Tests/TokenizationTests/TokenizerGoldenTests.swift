import Inputs
import Testing

@testable import Tokenization

/// Ids must be equal and spans must be equal: there is no tolerance.
struct TokenizerGoldenTests {
    static let names = ["gpt2", "prefix", "llama3", "qwen2", "smollm", "gpt4o", "deepseek", "splits"]

    @Test("ids and spans equal those of the tokenizers library", arguments: names)
    func encodings(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: Goldens.path("tokenizers/\(name)"))
        let texts = try Goldens.decode([String].self, "tokenizers/texts.json")
        let goldens = try Goldens.decode([GoldenEncoding].self, "tokenizers/\(name)/golden.json")
        try #require(texts.count == goldens.count)
        var tokens = 0
        for (text, golden) in zip(texts, goldens) {
            let plain = try tokenizer.encode(text, addSpecialTokens: false)
            #expect(plain.ids == golden.ids, "\(text.debugDescription)")
            #expect(plain.spans.flatMap { [$0.lowerBound, $0.upperBound] } == golden.spans, "\(text.debugDescription)")
            #expect(try tokenizer.encode(text, addSpecialTokens: true).ids == golden.special)
            tokens += plain.ids.count
        }
        print("\(name): \(texts.count) texts, \(tokens) tokens, largest difference 0")
    }

    @Test("tokens that the post-processor adds have empty spans")
    func addedSpans() throws {
        let tokenizer = try Tokenizer(folder: Goldens.path("tokenizers/prefix"))
        let encoding = try tokenizer.encode("Hi", addSpecialTokens: true)
        #expect(encoding.spans.first == 0..<0)
        #expect(encoding.spans.suffix(2) == [0..<0, 0..<0])
        #expect(encoding.ids.prefix(1).map(tokenizer.token) == ["<s>"])
    }

    @Test(
        "a long word without a break is merged piece by piece, as its short forms are", .timeLimit(.minutes(5)))
    func longWord() throws {
        let tokenizer = try Tokenizer(folder: Goldens.path("tokenizers/gpt2"))
        func ids(_ count: Int) throws -> [UInt32] {
            try tokenizer.encode(String(repeating: "light", count: count), addSpecialTokens: false).ids
        }
        // Merging a word of 1.6 MB would take hours if it grew with the square of the length.
        let (short, long) = (try ids(100), try ids(320_000))
        #expect(short.count < 500)
        #expect(Array(long.prefix(short.count / 2)) == Array(short.prefix(short.count / 2)))
        #expect(long.map { tokenizer.token($0) ?? "" }.joined() == String(repeating: "light", count: 320_000))
    }

    @Test("a repetition longer than JIT code's own stack is matched")
    func deepPattern() throws {
        let pattern = try Pattern(regex: #"(?:a|b[c]?)+d| "#, place: "test")
        let subject = Array(String(repeating: "abc", count: 50_000).utf8) + [UInt8(ascii: "d")]
        #expect(
            try pattern.matches(in: subject, 0..<subject.count, with: PatternScratch(textBytes: subject.count)) == [
                0..<subject.count
            ])
    }

    @Test("every token has a text to display")
    func display() throws {
        let tokenizer = try Tokenizer(folder: Goldens.path("tokenizers/qwen2"))
        let encoding = try tokenizer.encode("<|im_start|> the", addSpecialTokens: false)
        #expect(encoding.ids.map(tokenizer.token) == ["<|im_start|>", "Ġthe"])
        #expect(tokenizer.token(UInt32(tokenizer.vocabularySize)) == nil)
        #expect(tokenizer.token(UInt32(tokenizer.vocabularySize - 1)) == "A\u{30a}")
        #expect(tokenizer.files == [try Goldens.path("tokenizers/qwen2/tokenizer.json")])
    }
}
