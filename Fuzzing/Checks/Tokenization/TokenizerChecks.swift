import TestSupport
import Tokenization

/// Folders of tokenizers. An input's rest is a text to encode.
struct TokenizerChecks: Checks {
    private let folder: PatchedFolder

    init() throws { folder = try Self.folder() }

    private static func folder() throws -> PatchedFolder {
        try PatchedFolder([
            ("tokenizer.json", tokenizer()), ("tokenizer_config.json", Array(config.utf8)),
            ("special_tokens_map.json", Array(map.utf8)), ("chat_template.jinja", nil),
        ])
    }

    func check(_ input: [UInt8]) throws {
        try folder.patched(input) { path, rest in
            guard let tokenizer = try accepted({ try Tokenizer(folder: path) }) else { return }
            let own = String(decoding: rest, as: UTF8.self)
            try TokenizerDemands.check(tokenizer, texts: [own, "<|im_start|>a\u{301}  \u{e4}b12\n it's \u{1F600}"])
        }
    }

    /// The tokenizer of the tiny models, one token a byte.
    private static func tokenizer() throws -> [UInt8] {
        try Repository.bytes("Tests/ProcessTests/Fixtures/base/tokenizer.json")
    }

    private static let config = """
        {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|im_start|>", "eos_token": "<|im_end|>",
        "pad_token": {"content": "<|endoftext|>"}, "add_bos_token": true,
        "chat_template": "{% for m in messages %}{{ bos_token + m.role + m.content }}{% endfor %}"}
        """
    private static let map = #"{"unk_token": "<|new|>", "additional_special_tokens": ["<|a|>", {"content": "<|b|>"}]}"#

    /// Parts of tokenizer.json as the fixture has them, and what others have in their place.
    private static let changes = [
        (#""normalizer":null"#, #""normalizer":{"type":"Sequence","normalizers":[{"type":"NFC"}]}"#),
        (
            #""pre_tokenizer":{"type":"ByteLevel""#,
            #""pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},"#
                + #"{"type":"Split","pattern":{"Regex":"\\s?\\p{L}+|\\p{N}{1,3}|(?i:'s)|[^\\r\\n]"},"#
                + #""behavior":"MergedWithNext","invert":false},{"type":"ByteLevel","add_prefix_space":true}]},"x":{"type":"y""#
        ),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"<s>","type_id":0}},"#
                + #"{"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"<s>":{"id":"<s>","ids":[256]}}}"#
        ),
        (
            #""post_processor":null"#,
            #""post_processor":{"type":"ByteLevel","trim_offsets":true,"add_prefix_space":true}"#
        ),
        (#""lstrip":false,"rstrip":false"#, #""lstrip":true,"rstrip":true"#),
        (#""single_word":false"#, #""single_word":true"#), (#""normalized":false"#, #""normalized":true"#),
    ]

    static func seeds() throws -> [[UInt8]] {
        let text = Array(" It's <|im_end|> na\u{ef}ve\u{2003}\u{41}\u{30a} 1234\r\n".utf8)
        let whole = String(decoding: try tokenizer(), as: UTF8.self)
        // Without added tokens, whose ids would have to follow on those of the vocabulary.
        let plain = whole.replacing(/"added_tokens":\[.*\],"normalizer"/, with: #""added_tokens":[],"normalizer""#)
        let merged = plain.replacing(
            #":255},"merges":[]"#, with: ##":255,"it":256,"its":257},"merges":["#version: 0.2","i t",["it","s"]]"##)
        let changed = changes.map { whole.replacing($0.0, with: $0.1) } + [merged]
        let template = PatchedFolder.input([(3, Array("{{ messages[0]['content'] }}{{ eos_token }}".utf8))], rest: text)
        return try folder().seeds(rest: text) + changed.map { PatchedFolder.input([(0, Array($0.utf8))], rest: text) }
            + [template, PatchedFolder.input([(1, PatchedFolder.gone), (2, PatchedFolder.gone)], rest: text)]
    }
}
