import Inputs

/// Pre-tokenizers and post-processors.
extension TokenizerFile {
    /// The steps that cut a text into words; the last of them must turn characters into bytes.
    func preTokenizers() throws -> [PreTokenizer] {
        guard let root = try document.optional("pre_tokenizer") else {
            throw InputError(
                document.place, expected: "a pre_tokenizer that ends with ByteLevel", found: "null",
                hint: "only byte-level BPE tokenizers are supported")
        }
        let steps = try Self.flattened(root, "pretokenizers")
        var result: [PreTokenizer] = []
        for (index, step) in steps.enumerated() {
            let type = try step.required("type").string()
            guard (type == "ByteLevel") == (index == steps.count - 1) else {
                throw try step.required("type").error(
                    expected: "ByteLevel as the last step and nowhere else",
                    hint: "only byte-level BPE tokenizers are supported")
            }
            result += try Self.preTokenizer(step)
        }
        return result
    }

    private static func preTokenizer(_ step: Document) throws -> [PreTokenizer] {
        let type = try step.required("type")
        switch try type.string() {
        case "ByteLevel":
            let prefix: [PreTokenizer] = try step.required("add_prefix_space").bool() ? [.prefixSpace] : []
            let splits = try step.optional("use_regex")?.bool() ?? true
            return try prefix
                + (splits ? [.split(PretokenizerPattern.gpt2.compiled(), .isolated, inverted: false)] : [])
        case "Digits":
            return [.digits(individual: try step.required("individual_digits").bool())]
        case "Split":
            return [try split(step)]
        default:
            throw type.error(expected: "ByteLevel, Digits, Split or Sequence")
        }
    }

    private static func split(_ step: Document) throws -> PreTokenizer {
        let name = try step.required("behavior")
        guard let behavior = PreTokenizer.Behavior(rawValue: try name.string()) else {
            throw name.error(
                expected: "one of \(PreTokenizer.Behavior.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let pattern = try step.required("pattern")
        let compiled: Pattern
        if let regex = try pattern.optional("Regex") {
            compiled = try Pattern(regex: regex.string(), place: regex.place)
        } else {
            let literal = try pattern.required("String")
            compiled = try Pattern(literal: literal.string(), place: literal.place)
        }
        return .split(compiled, behavior, inverted: try step.required("invert").bool())
    }

    func postProcessors() throws -> [PostProcessor] {
        guard let root = try document.optional("post_processor") else { return [] }
        return try Self.flattened(root, "processors").compactMap(Self.postProcessor)
    }

    private static func postProcessor(_ step: Document) throws -> PostProcessor? {
        let type = try step.required("type")
        switch try type.string() {
        case "ByteLevel":
            guard try step.required("trim_offsets").bool() else { return nil }
            return .trim(keepsPrefixSpace: try step.required("add_prefix_space").bool())
        case "TemplateProcessing":
            return try template(step)
        default:
            throw type.error(expected: "ByteLevel, TemplateProcessing or Sequence")
        }
    }

    /// Tokens that a template puts round every text: known ones have one or two.
    private static let mostSpecialTokens = 256

    /// The template for one text: special tokens, the sequence A, special tokens.
    private static func template(_ step: Document) throws -> PostProcessor {
        let known = try step.required("special_tokens")
        var (before, after): ([UInt32], [UInt32]) = ([], [])
        var sequences = 0
        for piece in try step.required("single").list() {
            if let sequence = try piece.optional("Sequence") {
                let id = try sequence.required("id")
                guard try id.string() == "A" else { throw id.error(expected: "\"A\"") }
                sequences += 1
            } else {
                let name = try piece.required("SpecialToken").required("id").string()
                let ids = try known.required(name).required("ids").list().map { id in
                    guard let id = UInt32(exactly: try id.integer()) else { throw id.error(expected: "a token id") }
                    return id
                }
                if sequences == 0 { before += ids } else { after += ids }
                guard before.count + after.count <= mostSpecialTokens else {
                    throw InputError(
                        try step.required("single").place, expected: "at most \(mostSpecialTokens) tokens round a text",
                        found: "\(before.count + after.count)")
                }
            }
        }
        guard sequences == 1 else {
            throw InputError(
                try step.required("single").place, expected: "the sequence A once", found: "\(sequences) times")
        }
        return .surround(before: before, after: after)
    }

    /// A step, or the steps of a sequence of them.
    private static func flattened(_ step: Document, _ key: String) throws -> [Document] {
        guard try step.required("type").string() == "Sequence" else { return [step] }
        return try step.required(key).list().flatMap { try flattened($0, key) }
    }
}

/// The patterns that tokenizers name instead of spelling out.
enum PretokenizerPattern: String, Sendable {
    /// Built into ByteLevel. Source: the GPT-2 encoder, tokenizers `pre_tokenizers/byte_level.rs`.
    case gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    /// Source: tokenizer.json of Llama 3.
    case llama3 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
    /// Source: tokenizer.json of Qwen2 and Qwen2.5.
    case qwen2 =
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

    func compiled() throws -> Pattern {
        try Pattern(regex: rawValue, place: "the pattern of \(self)")
    }
}
