import Inputs

/// A byte-level BPE tokenizer that gives the ids that Hugging Face tokenizers gives for the same files.
public struct Tokenizer: Sendable {
    /// Token ids of a text, with the part of the text that each stands for.
    public struct Encoding: Sendable, Hashable {
        public var ids: [UInt32]
        /// UTF-8 byte offsets into the text, one range an id, always whole characters; two tokens that share a
        /// character both span it. Empty for tokens that the post-processor adds.
        public var spans: [Range<Int>]
    }

    /// The model's template for chats; nil where it has none.
    public let chatTemplate: ChatTemplate?
    /// Paths of the files that decide what a text becomes.
    public let files: [String]

    private let model: BytePairModel
    private let normalizer: Normalizer
    private let addedTokens: AddedTokens
    private let preTokenizers: [PreTokenizer]
    private let postProcessors: [PostProcessor]
    /// Added tokens by id, for display.
    private let addedContents: [UInt32: String]

    init(_ parts: TokenizerParts) throws {
        chatTemplate = parts.chatTemplate
        files = parts.files
        model = parts.model
        normalizer = parts.normalizer
        addedTokens = try AddedTokens(
            parts.addedTokens, normalizer: parts.normalizer, file: parts.files.first ?? "tokenizer")
        preTokenizers = parts.preTokenizers
        postProcessors = parts.postProcessors
        addedContents = Dictionary(parts.addedTokens.map { ($0.id, $0.content) }) { $1 }
    }

    /// One more than the largest id.
    public var vocabularySize: Int {
        max(model.entries.count, (addedContents.keys.max().map { Int($0) } ?? -1) + 1)
    }

    /// The token as the vocabulary writes it (a leading blank is `Ġ`), for display; nil for an id without one.
    public func token(_ id: UInt32) -> String? {
        if let added = addedContents[id] { return added }
        return Int(id) < model.entries.count ? model.entries[Int(id)] : nil
    }

    /// The bytes of text that a token stands for, of which only several tokens together may be UTF-8; nil for an id without a
    /// token. An added token stands for its content.
    public func bytes(of id: UInt32) -> [UInt8]? {
        if let added = addedContents[id] { return Array(added.utf8) }
        guard let entry = token(id) else { return nil }
        // Other characters than a byte's stand for themselves, as the tokenizers library decodes them.
        return ByteAlphabet.decode(entry) ?? Array(entry.utf8)
    }

    /// Encodes a text. `addSpecialTokens` puts the tokens round it that the post-processor asks for; leave it off for a
    /// text that a chat template has rendered, which brings its own.
    public func encode(_ text: String, addSpecialTokens: Bool) throws -> Encoding {
        try encode(text, addSpecialTokens: addSpecialTokens, patternSteps: PatternEffort.base)
    }

    /// The same with another limit: `patternSteps` is what patterns may take for any text.
    func encode(_ text: String, addSpecialTokens: Bool, patternSteps: Int) throws -> Encoding {
        var work = WorkingText(text)
        guard work.bytes.count < Int(Int32.max) else {
            throw InputError("prompt", expected: "less than 2 GiB of text", found: "\(work.bytes.count) bytes")
        }
        let original = work.bytes
        try addedTokens.splitRaw(&work)
        normalizer.apply(to: &work)
        try addedTokens.splitNormalized(&work)
        let scratch = PatternScratch(textBytes: work.bytes.count, base: patternSteps)
        for step in preTokenizers { try step.apply(to: &work, scratch) }
        var tokens = encodePieces(work)
        for step in postProcessors { step.apply(to: &tokens, text: original, addSpecialTokens: addSpecialTokens) }
        return Encoding(ids: tokens.map(\.id), spans: tokens.map(\.span))
    }

    private func encodePieces(_ work: WorkingText) -> [SpannedToken] {
        var tokens: [SpannedToken] = []
        var word = Word()
        for piece in work.pieces {
            if let id = piece.token {
                // The blanks that an added token took along count as its own.
                let leading = Blanks.end(work.bytes, piece.range)
                let trailing = Blanks.start(work.bytes, piece.range)
                tokens.append(
                    SpannedToken(
                        id: id, span: work.span(piece.range),
                        blanks: (
                            scalars(work.bytes, piece.range.lowerBound..<leading),
                            scalars(work.bytes, trailing..<piece.range.upperBound)
                        )))
            } else {
                model.encode(work, piece.range, &word, into: &tokens)
            }
        }
        return tokens
    }

    private func scalars(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        range.count { UTF8Text.isBoundary(bytes, $0) }
    }
}

/// What a tokenizer is made of, however its file spells it.
struct TokenizerParts {
    var model: BytePairModel
    var normalizer: Normalizer
    var addedTokens: [AddedToken]
    var preTokenizers: [PreTokenizer]
    var postProcessors: [PostProcessor]
    var chatTemplate: ChatTemplate?
    var files: [String]
}
