import Inputs

/// A corpus as workers see it: each document cut into windows of tokens, which are run as sequences of their own.
public struct TokenizedCorpus: Sendable {
    /// Where a window comes from.
    public struct Window: Sendable, Hashable, Codable {
        /// Index of the document.
        public var document: Int
        /// Tokens of the document before the window; tokens that stand for no text do not count.
        public var start: Int
        /// Tokens in front that stand for no text, such as `<s>`.
        public var added: Int

        /// Makes a window.
        public init(document: Int, start: Int, added: Int) {
            (self.document, self.start, self.added) = (document, start, added)
        }
    }

    /// Ids of the documents, in file order.
    public private(set) var documents: [String] = []
    public private(set) var windows: [Window] = []
    /// A sequence for each window. Bit 0 of a token's masks says that it counts: it stands for text, and is not among the
    /// first `skipFirst`.
    public private(set) var sequences: [PromptTokens] = []
    /// SHA-256 of the file.
    public private(set) var digest: Digest

    /// A corpus must have room in memory, five bytes a token.
    static let mostTokens = 1 << 27

    /// Tokenises a corpus in windows of up to `context` tokens, one after another without overlap.
    ///
    /// What the tokenizer puts in front of a text, such as `<s>`, stands in front of each window, as models expect it; what it
    /// puts behind a text is left out, as nothing before it sees it. Windows without a token that counts are left out. Throws
    /// `InputError`. `step` is called for each document; what it throws ends that.
    public init(
        _ file: CorpusFile, context: Int, skipFirst: Int, tokenizer: some PromptTokenizer,
        step: () throws -> Void = {}
    ) throws {
        digest = Digest(of: [])
        var tokens = 0
        digest = try file.read { document in
            try step()
            let (ids, spans) = try tokenizer.encode(document.text, addSpecialTokens: true)
            let added = spans.prefix(while: \.isEmpty).count
            let end = spans.lastIndex { !$0.isEmpty }.map { $0 + 1 } ?? added
            guard added + max(1, skipFirst - added) < context else {
                throw InputError(
                    document.place, expected: "a context above \(max(added, skipFirst) + 1) tokens",
                    found: "\(context)", hint: "raise corpus.context")
            }
            tokens += end
            guard tokens <= Self.mostTokens else {
                throw InputError(
                    document.place, expected: "a corpus of at most \(Self.mostTokens) tokens", found: "more",
                    hint: "split it into several jobs")
            }
            for start in stride(from: added, to: end, by: context - added) {
                let range = start..<min(end, start + context - added)
                append(
                    Array(ids[..<added]) + ids[range],
                    window: Window(
                        document: documents.count, start: start - added, added: added), skipFirst: skipFirst)
            }
            documents.append(document.id)
        }
        guard !sequences.isEmpty else {
            throw InputError(file.path, expected: "a text with tokens that count", found: "none")
        }
    }

    private mutating func append(_ ids: [UInt32], window: Window, skipFirst: Int) {
        let first = max(skipFirst, window.added)
        guard ids.count > first else { return }
        let masks = ids.indices.map { UInt8($0 >= first ? 1 : 0) }
        sequences.append(PromptTokens(index: sequences.count, ids: ids, masks: masks))
        windows.append(window)
    }
}
