import Inputs
import Tensors

extension Tokenizer {
    /// Reads the tokenizer from a GGUF file's metadata (`tokenizer.ggml.*`). Throws `InputError` for a kind of tokenizer
    /// or a pre-tokenizer that is not known to give the ids of the model's own tokenizer.json.
    public init(gguf file: GGUFFile) throws {
        try self.init(GGUFTokenizerMetadata(file))
    }
}

/// The tokenizer part of a GGUF file's metadata, under the names of the GGUF specification.
struct GGUFTokenizerMetadata {
    /// The GGUF file, for error messages.
    var file: String
    /// `tokenizer.ggml.model`
    var model: String
    /// `tokenizer.ggml.pre`
    var preTokenizer: String?
    /// `tokenizer.ggml.tokens`
    var tokens: [String]
    /// `tokenizer.ggml.token_type`
    var types: [Int]
    /// `tokenizer.ggml.merges`, each two entries with a blank between them
    var merges: [String]
    /// `tokenizer.ggml.*_token_id` by the name a chat template uses, such as `bos_token`
    var specialTokens: [String: Int]
    /// `tokenizer.ggml.add_bos_token`
    var addsFirst: Bool?
    /// `tokenizer.ggml.add_eos_token`
    var addsLast: Bool?
    /// `tokenizer.chat_template`
    var chatTemplate: String?
}

/// What a name in `tokenizer.ggml.pre` stands for: the steps of the tokenizer.json that such files are made from.
///
/// Names: llama.cpp, `src/llama-vocab.cpp`; the patterns are those of the models' own tokenizer.json.
private struct GGUFPreTokenizer {
    var steps: [PreTokenizer]
    var normalizer = Normalizer.none
    var ignoresMerges = false
    /// Whether the text starts with the first token where the file does not say.
    var addsFirst = false

    init(_ metadata: GGUFTokenizerMetadata) throws {
        switch metadata.preTokenizer {
        case "smollm", "starcoder":
            steps = [.digits(individual: true), try Self.splitting(.gpt2)]
        case "gpt-2":
            steps = [try Self.splitting(.gpt2)]
        case "llama-bpe", "llama3", "llama-v3":
            steps = [try Self.splitting(.llama3)]
            ignoresMerges = true
            addsFirst = true
        case "qwen2":
            steps = [try Self.splitting(.qwen2)]
            normalizer = .nfc
        default:
            throw InputError(
                "\(metadata.file): tokenizer.ggml.pre", expected: "gpt-2, llama-bpe, qwen2, smollm or starcoder",
                found: metadata.preTokenizer.map { "\"\($0)\"" } ?? "no such key",
                hint: "use the model's Hugging Face folder, whose tokenizer.json spells its pattern out")
        }
    }

    private static func splitting(_ pattern: PretokenizerPattern) throws -> PreTokenizer {
        .split(try pattern.compiled(), .isolated, inverted: false)
    }
}

extension Tokenizer {
    init(_ metadata: GGUFTokenizerMetadata) throws {
        guard metadata.model == "gpt2" else {
            throw InputError(
                "\(metadata.file): tokenizer.ggml.model", expected: "\"gpt2\" (byte-level BPE)",
                found: "\"\(metadata.model)\"", hint: "only byte-level BPE tokenizers are supported")
        }
        let pre = try GGUFPreTokenizer(metadata)
        let model = try metadata.bytePairs(ignoresMerges: pre.ignoresMerges)
        func ends(_ name: String, _ wanted: Bool) throws -> [UInt32] {
            guard wanted else { return [] }
            guard let id = metadata.specialTokens[name].flatMap({ UInt32(exactly: $0) }) else {
                throw InputError(
                    metadata.file, expected: "the id of the \(name) that is added to every text", found: "none")
            }
            return [id]
        }
        let before = try ends("bos_token", metadata.addsFirst ?? pre.addsFirst)
        let after = try ends("eos_token", metadata.addsLast ?? false)
        try self.init(
            TokenizerParts(
                model: model, normalizer: pre.normalizer, addedTokens: metadata.addedTokens(),
                preTokenizers: pre.steps, postProcessors: [.surround(before: before, after: after)],
                chatTemplate: try metadata.template(), files: [metadata.file]))
    }
}

extension GGUFTokenizerMetadata {
    init(_ gguf: GGUFFile) throws {
        file = gguf.path
        model = try gguf.string("tokenizer.ggml.model")
        preTokenizer = try gguf.optionalString("tokenizer.ggml.pre")
        // Other kinds of tokenizers have no merges; what they are is said before what they lack.
        merges = try gguf.optionalStrings("tokenizer.ggml.merges") ?? []
        tokens = try gguf.strings("tokenizer.ggml.tokens")
        types = try gguf.integers("tokenizer.ggml.token_type")
        addsFirst = try gguf.optionalBool("tokenizer.ggml.add_bos_token")
        addsLast = try gguf.optionalBool("tokenizer.ggml.add_eos_token")
        chatTemplate = try gguf.optionalString("tokenizer.chat_template")
        specialTokens = [:]
        for (key, name) in [
            ("bos", "bos_token"), ("eos", "eos_token"), ("unknown", "unk_token"), ("seperator", "sep_token"),
            ("padding", "pad_token"), ("cls", "cls_token"), ("mask", "mask_token"),
        ] {
            // "seperator" is how the format spells it.
            specialTokens[name] = try gguf.optionalInteger("tokenizer.ggml.\(key)_token_id")
        }
    }

    /// `llama_token_type` in llama.cpp.
    private enum TokenType {
        static let control = 3
        static let userDefined = 4
        /// Fills the vocabulary up; not part of the tokenizer.
        static let unused = 5
    }

    fileprivate func bytePairs(ignoresMerges: Bool) throws -> BytePairModel {
        guard types.count == tokens.count else {
            throw InputError(
                "\(file): tokenizer.ggml.token_type", expected: "one type for each of \(tokens.count) tokens",
                found: "\(types.count)")
        }
        guard tokens.count <= BytePairModel.largestVocabulary else {
            throw InputError(
                "\(file): tokenizer.ggml.tokens", expected: "at most \(BytePairModel.largestVocabulary) tokens",
                found: "\(tokens.count)")
        }
        let vocabulary = tokens.indices.filter { types[$0] != TokenType.unused }.map { (tokens[$0], UInt32($0)) }
        let place = "\(file): tokenizer.ggml.merges"
        let pairs = try merges.enumerated().map { index, merge in
            guard let pair = BytePairModel.pair(merge) else {
                throw InputError(
                    "\(place)[\(index)]", expected: "two entries with one blank between them", found: "\"\(merge)\"")
            }
            return pair
        }
        return try BytePairModel(vocabulary: vocabulary, merges: pairs, ignoresMerges: ignoresMerges) {
            "\(place)[\($0)]"
        }
    }

    /// GGUF keeps only which tokens are added, not whether they take blanks along.
    fileprivate func addedTokens() -> [AddedToken] {
        tokens.indices.filter { types[$0] == TokenType.control || types[$0] == TokenType.userDefined }
            .map { AddedToken(id: UInt32($0), content: tokens[$0]) }
    }

    fileprivate func template() throws -> ChatTemplate? {
        var named: [String: String] = [:]
        for (name, id) in specialTokens {
            guard tokens.indices.contains(id) else {
                throw InputError(
                    "\(file): \(name)", expected: "an id below \(tokens.count)", found: "\(id)")
            }
            named[name] = tokens[id]
        }
        return chatTemplate.map {
            ChatTemplate(deferring: $0, file: "\(file): tokenizer.chat_template", specialTokens: named)
        }
    }
}
