import Foundation
import Inputs
import TestSupport
import Testing

@testable import Tokenization

struct TokenizerFolderTests {
    private static let byteLevel =
        #"{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}"#

    /// A list's text of equal elements.
    private static func repeated(_ count: Int, _ element: String) -> String {
        Array(repeating: element, count: count).joined(separator: ",")
    }

    /// A tokenizer of three letters and two merges, with parts replaced.
    private func tokenizer(
        top: String = "", normalizer: String = "null", pre: String = byteLevel, post: String = "null",
        added: String = "[]", model: String = "", vocabulary: String = #"{"a": 0, "b": 1, "ab": 2, "Ġ": 3, "Ġab": 4}"#,
        merges: String = #"[["a", "b"], "Ġ ab"]"#
    ) -> String {
        """
        {"version": "1.0", \(top) "added_tokens": \(added), "normalizer": \(normalizer), "pre_tokenizer": \(pre),
         "post_processor": \(post), "model": {\(model) "type": "BPE", "vocab": \(vocabulary), "merges": \(merges)}}
        """
    }

    private func open(_ json: String, config: String? = nil) throws -> (Tokenizer, TemporaryFolder) {
        let folder = try TemporaryFolder()
        try folder.write("tokenizer.json", json)
        if let config { try folder.write("tokenizer_config.json", config) }
        return (try Tokenizer(folder: folder.path), folder)
    }

    private func error(_ json: String, config: String? = nil) throws -> String {
        let folder = try TemporaryFolder()
        try folder.write("tokenizer.json", json)
        if let config { try folder.write("tokenizer_config.json", config) }
        return refusal(in: folder.path) { _ = try Tokenizer(folder: folder.path) }
    }

    private func added(_ content: String, id: Int) -> String {
        """
        {"id": \(id), "content": "\(content)", "single_word": false, "lstrip": false, "rstrip": false,
         "normalized": false, "special": true}
        """
    }

    @Test("merges may be pairs or strings")
    func mergeForms() throws {
        let (tokenizer, _) = try open(tokenizer())
        #expect(try tokenizer.encode("ab ab", addSpecialTokens: false).ids == [2, 4])
        #expect(tokenizer.vocabularySize == 5)
    }

    /// A token of 10 MB took 1.6 GB.
    @Test("added tokens have a greatest length, each and together")
    func longAddedTokens() throws {
        let long = String(repeating: "x", count: 5000)
        #expect(
            try error(tokenizer(added: "[\(added(long, id: 5))]")).contains(
                ": added token 5: expected at most 4096 bytes, found 5000"))
        let many = (0..<600).map { added("\($0)" + String(repeating: "x", count: 4000), id: 5 + $0) }
        let text = try error(tokenizer(added: "[\(many.joined(separator: ","))]"))
        #expect(text.contains(": added tokens: expected at most 2097152 bytes in all, found 24"), "\(text)")
        #expect(
            try error(tokenizer(), config: "{\"bos_token\": \"\(long)\"}").contains(
                "expected at most 4096 bytes, found 5000"))
    }

    /// A text of blanks would take as many steps as the square of its length.
    @Test("an added token of white space does not take the blanks beside it along", arguments: ["lstrip", "rstrip"])
    func strippingBlanks(_ flag: String) throws {
        let blanks = added("  ", id: 5)
        let (tokenizer, _) = try open(tokenizer(added: "[\(blanks)]"))
        #expect(try tokenizer.encode("a  b", addSpecialTokens: false).ids == [0, 5, 1])
        let stripping = blanks.replacing("\"\(flag)\": false", with: "\"\(flag)\": true")
        #expect(
            try error(self.tokenizer(added: "[\(stripping)]")).contains(
                "tokenizer.json: added token 5: expected no lstrip or rstrip for white space, found one of them"))
    }

    /// Half an hour for a prompt of 16 MB. Tokens of known models are found in few steps, long runs of blanks too.
    @Test("an added token that the text always nearly has ends with an error")
    func nearlyFound() throws {
        let long = added(String(repeating: "a", count: 4000) + "b", id: 5)
        let (tokenizer, folder) = try open(
            tokenizer(added: "[\(long), \(added(String(repeating: " ", count: 99), id: 6))]"))
        let text = refusal(in: folder.path) {
            _ = try tokenizer.encode(String(repeating: "a", count: 100_000), addSpecialTokens: false)
        }
        #expect(
            text.hasPrefix(
                "tokenizer.json: added tokens: expected at most 4248576 steps to find them in 100000 bytes of text, found more"
            ), "\(text)")
        let blanks = try tokenizer.encode(String(repeating: " ", count: 99_000), addSpecialTokens: false)
        #expect(blanks.ids == Array(repeating: 6, count: 1000))
    }

    @Test("special tokens that only the configuration names are found in a text")
    func namedSpecialTokens() throws {
        let config =
            #"{"bos_token": {"content": "<s>"}, "eos_token": "ab", "additional_special_tokens": ["<e>", "<x>"]}"#
        let (tokenizer, folder) = try open(tokenizer(added: "[\(added("<x>", id: 5))]"), config: config)
        #expect(try tokenizer.encode("<s>ab<x><e>", addSpecialTokens: false).ids == [6, 2, 5, 7])
        #expect(tokenizer.files == ["tokenizer.json", "tokenizer_config.json"].map { "\(folder.path)/\($0)" })
        #expect(tokenizer.vocabularySize == 8)
    }

    @Test("add_bos_token and add_eos_token take the place of the post-processor")
    func configuredEnds() throws {
        let config = #"{"bos_token": "a", "eos_token": "b", "add_bos_token": true, "add_eos_token": true}"#
        let (tokenizer, _) = try open(tokenizer(), config: config)
        #expect(try tokenizer.encode("ab", addSpecialTokens: true).ids == [0, 0, 1, 1])
        #expect(try tokenizer.encode(" ", addSpecialTokens: false).ids == [3])
    }

    @Test("the template is chat_template.jinja, else the configuration's, else its default one")
    func templates() throws {
        func rendered(_ folder: TemporaryFolder) throws -> String? {
            try Tokenizer(folder: folder.path).chatTemplate?.render([], addGenerationPrompt: false)
        }
        let (_, folder) = try open(tokenizer(), config: #"{"bos_token": "<s>"}"#)
        #expect(try rendered(folder) == nil)
        try folder.write(
            "tokenizer_config.json",
            #"{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}"#)
        #expect(try rendered(folder) == "d")
        try folder.write("tokenizer_config.json", #"{"chat_template": "{{ bos_token }}c"}"#)
        try folder.write("special_tokens_map.json", #"{"bos_token": "<s>"}"#)
        #expect(try rendered(folder) == "<s>c")
        try folder.write("chat_template.jinja", "jinja")
        #expect(try rendered(folder) == "jinja")
        #expect(
            try Tokenizer(folder: folder.path).files.map { ($0 as NSString).lastPathComponent }
                == ["tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"])
    }

    @Test("a template that is not understood only matters once it is used")
    func deferredTemplate() throws {
        let (tokenizer, folder) = try open(tokenizer(), config: #"{"chat_template": "a\n{% include 'x' %}"}"#)
        #expect(try tokenizer.encode("ab", addSpecialTokens: false).ids == [2])
        let text = refusal(in: folder.path) { _ = try tokenizer.chatTemplate?.render([], addGenerationPrompt: false) }
        #expect(
            text == "tokenizer_config.json:2: expected one of the statements for, if, set, macro, break, continue, "
                + "generation, found 'include'")
    }

    @Test("an unknown token is refused where a byte could need it, ignored where none can")
    func unknownToken() throws {
        let text = try error(tokenizer(model: #""unk_token": "a","#))
        #expect(text.contains("model.unk_token: expected a vocabulary with every byte, or no unknown token"))
        let entries = ByteAlphabet.characters.enumerated().map { "\"\(Character($0.element))\": \($0.offset)" }
            .map { $0 == "\"\"\": 34" ? "\"\\\"\": 34" : $0 == "\"\\\": 92" ? "\"\\\\\": 92" : $0 }
        let whole = "{\(entries.joined(separator: ", "))}"
        let (tokenizer, _) = try open(
            tokenizer(model: #""unk_token": "a","#, vocabulary: whole, merges: "[]"))
        #expect(try tokenizer.encode("é", addSpecialTokens: false).ids == [0xC3, 0xA9])
    }

    @Test(
        "what byte-level BPE does not cover is refused by name",
        arguments: [
            (#"{"type": "WordPiece"}"#, "model.type: expected \"BPE\", found \"WordPiece\""),
            (#"{"type": "BPE", "byte_fallback": true}"#, "model.byte_fallback: expected null, found true"),
            (#"{"type": "BPE", "dropout": 0.1}"#, "model.dropout: expected null, found 0.1"),
            (
                #"{"type": "BPE", "end_of_word_suffix": "</w>"}"#,
                "model.end_of_word_suffix: expected null, found \"</w>\""
            ),
            (#"{"type": "BPE"}"#, "model: expected the key 'vocab', found no such key"),
            (
                #"{"type": "BPE", "vocab": {"a": -1}}"#,
                "model.vocab.a: expected an id from 0 to 65537 in a vocabulary of 1 entries, found -1"
            ),
            // Half a gigabyte for the ids below it.
            (
                #"{"type": "BPE", "vocab": {"a": 16777215}, "merges": []}"#,
                "model.vocab.a: expected an id from 0 to 65537"
            ),
            (
                #"{"type": "BPE", "vocab": {"a": 0, "c": 7, "b": 7}, "merges": []}"#,
                "model.vocab.c: expected an id of its own, found 7, which 'b' has"
            ),
            (
                #"{"type": "BPE", "vocab": {"a": 0}, "merges": ["a"]}"#,
                "model.merges[0]: expected two entries with one blank between them, found \"a\""
            ),
            (
                #"{"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "c"]]}"#,
                "model.merges[0]: expected a merge of two entries of the vocabulary whose union is one too, "
                    + "found no entry \"c\""
            ),
            (#"{"type": "BPE", "vocab": {"a": 0}, "merges": [["a", "a"]]}"#, "found no entry \"aa\""),
            (
                #"{"type": "BPE", "vocab": {"a": 0}, "merges": [7]}"#,
                "model.merges[0]: expected a pair of strings, found 7"
            ),
        ])
    func models(_ model: String, _ expected: String) throws {
        let text = try error(#"{"model": \#(model)}"#)
        #expect(text.contains("tokenizer.json: " + expected) || text.contains(expected), "\(text)")
    }

    @Test(
        "steps and settings that are not supported are refused by name",
        arguments: [
            (
                "pre", #"{"type": "Metaspace"}"#,
                "pre_tokenizer.type: expected ByteLevel as the last step and nowhere else"
            ),
            ("pre", "null", "expected a pre_tokenizer that ends with ByteLevel, found null"),
            (
                "pre", #"{"type": "Sequence", "pretokenizers": [{"type": "Whitespace"}, \#(byteLevel)]}"#,
                "pre_tokenizer.pretokenizers[0].type: expected ByteLevel, Digits, Split or Sequence, found \"Whitespace\""
            ),
            (
                "pre",
                #"{"type": "Sequence", "pretokenizers": [\#(byteLevel), {"type": "Digits", "individual_digits": true}]}"#,
                "pretokenizers[0].type: expected ByteLevel as the last step"
            ),
            (
                "pre",
                #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "a"}, "behavior": "Odd", "invert": false}, \#(byteLevel)]}"#,
                "behavior: expected one of Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous, found \"Odd\""
            ),
            (
                "pre",
                #"{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Isolated", "invert": false}, \#(byteLevel)]}"#,
                "pretokenizers[0].pattern.Regex: expected a pattern of literals, classes, \\p{category}, \\s, \\d, "
                    + "groups and repetitions, found '\\w' in \"\\w+\""
            ),
            ("normalizer", #"{"type": "NFKC"}"#, "normalizer.type: expected \"NFC\" or \"Sequence\", found \"NFKC\""),
            (
                "normalizer", #"{"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}]}"#,
                "normalizer.normalizers[0].type: expected \"NFC\" or \"Sequence\", found \"Prepend\""
            ),
            (
                "post", #"{"type": "BertProcessing"}"#,
                "post_processor.type: expected ByteLevel, TemplateProcessing or Sequence, found \"BertProcessing\""
            ),
            (
                "post",
                #"{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>"}}], "special_tokens": {}}"#,
                "post_processor.special_tokens: expected the key '<s>', found no such key"
            ),
            (
                "post",
                #"{"type": "TemplateProcessing", "single": [\#(repeated(20, #"{"SpecialToken": {"id": "s"}}"#))], "#
                    + #""special_tokens": {"s": {"ids": [\#(repeated(20, "1"))]}}}"#,
                // Two thousand by two thousand would be four million for every text.
                "post_processor.single: expected at most 256 tokens round a text, found 260"
            ),
            (
                "post", #"{"type": "TemplateProcessing", "single": [], "special_tokens": {}}"#,
                "post_processor.single: expected the sequence A once, found 0 times"
            ),
            ("top", #""truncation": {"max_length": 8},"#, "truncation: expected null, found a mapping of 1 keys"),
            ("top", #""padding": {"strategy": "BatchLongest"},"#, "padding: expected null, found a mapping of 1 keys"),
        ])
    func steps(_ part: String, _ json: String, _ expected: String) throws {
        let text =
            switch part {
            case "pre": try error(tokenizer(pre: json))
            case "normalizer": try error(tokenizer(normalizer: json))
            case "post": try error(tokenizer(post: json))
            default: try error(tokenizer(top: json))
            }
        #expect(text.hasPrefix("tokenizer.json: ") && text.contains(expected), "\(text)")
    }

    @Test("an added token whose id is not the one it would get is refused")
    func addedTokenIds() throws {
        #expect(
            try error(tokenizer(added: "[\(added("<x>", id: 9))]")) == """
                tokenizer.json: added_tokens[0].id: expected 5, found 9
                  hint: the tokenizers library gives "<x>" the id 5, whatever the file says
                """)
    }

    @Test("a token that the two files describe at odds is refused")
    func oddConfiguration() throws {
        let text = try error(tokenizer(), config: #"{"added_tokens_decoder": {"7": {"content": "<y>"}}}"#)
        #expect(
            text.hasPrefix(
                "tokenizer_config.json: added_tokens_decoder.7: expected a token that tokenizer.json has among its "
                    + "added_tokens, found \"<y>\""))
    }

    @Test("a folder without tokenizer.json, and a file that is not JSON, are named")
    func noFile() throws {
        let folder = try TemporaryFolder()
        #expect(
            refusal(in: folder.path) { _ = try Tokenizer(folder: folder.path) }.hasPrefix(
                "tokenizer.json: expected a tokenizer.json, found no such file\n  hint: "))
        #expect(try error("{\"model\": ").hasPrefix("tokenizer.json: expected valid JSON, found "))
        #expect(
            try error(#"{"version": "2.0", "model": {}}"#) == "tokenizer.json: version: expected \"1.0\", found \"2.0\""
        )
    }
}
