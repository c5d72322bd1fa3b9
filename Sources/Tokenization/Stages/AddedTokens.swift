import Inputs

/// A token that is found in the text before it is cut into words, as `added_tokens` in tokenizer.json describes it.
struct AddedToken: Sendable, Hashable {
    var id: UInt32
    var content: String
    /// Only where no word character touches it.
    var singleWord = false
    /// Takes the blanks before it along.
    var stripsLeft = false
    /// Takes the blanks after it along.
    var stripsRight = false
    /// Looked for in the normalised text rather than in the raw one.
    var normalized = false
}

/// Finds added tokens: from left to right, the longest one at each place, the raw ones before the normalised ones.
struct AddedTokens: Sendable {
    let tokens: [AddedToken]
    private let file: String
    private let raw: TokenTrie
    private let normalized: TokenTrie

    /// Bytes of one added token, and of all of a tokenizer: known ones have less than 100, and less than 200,000. Each byte
    /// takes some 150 in the tree that they are found by.
    static let longest = 4096
    static let mostBytes = 2 << 20

    /// Throws `InputError` with the name of `file` where the tokens are longer than the limits, and for white space that takes
    /// the white space beside it along.
    init(_ tokens: [AddedToken], normalizer: Normalizer, file: String) throws {
        var total = 0
        for token in tokens {
            let length = token.content.utf8.count
            guard length <= Self.longest else {
                throw InputError(
                    "\(file): added token \(token.id)", expected: "at most \(Self.longest) bytes", found: "\(length)")
            }
            total += length
            // In a run of blanks each of them would take all others along.
            let strips = token.stripsLeft || token.stripsRight
            guard !strips || !token.content.unicodeScalars.allSatisfy(\.properties.isWhitespace) else {
                throw InputError(
                    "\(file): added token \(token.id)", expected: "no lstrip or rstrip for white space",
                    found: "one of them",
                    hint: "no known tokenizer has it")
            }
        }
        guard total <= Self.mostBytes else {
            throw InputError(
                "\(file): added tokens", expected: "at most \(Self.mostBytes) bytes in all", found: "\(total)")
        }
        self.tokens = tokens
        self.file = file
        raw = TokenTrie(tokens.filter { !$0.normalized }.map { ($0.content, $0) })
        normalized = TokenTrie(tokens.filter(\.normalized).map { (normalizer.apply(to: $0.content), $0) })
    }

    /// Bytes that may be looked at to find the tokens of any text, and more for each of its bytes. Where tokens begin like
    /// much of the text and then differ, all of a token is looked at again and again; those of known models are short, and
    /// begin like little else.
    private static let (baseSteps, stepsPerByte) = (1 << 20, 32)

    /// Throws `InputError` where that takes more steps than it may.
    func splitRaw(_ text: inout WorkingText) throws {
        try split(&text, raw)
    }

    /// Throws as `splitRaw` does.
    func splitNormalized(_ text: inout WorkingText) throws {
        try split(&text, normalized)
    }

    private func split(_ text: inout WorkingText, _ trie: TokenTrie) throws {
        guard !trie.isEmpty else { return }
        let bytes = text.bytes
        let limit = Self.baseSteps + Self.stepsPerByte * bytes.count
        var steps = 0
        try text.split { range in
            let pieces = Self.cut(bytes, range, trie, &steps, limit)
            guard steps <= limit else {
                throw InputError(
                    "\(file): added tokens",
                    expected: "at most \(limit) steps to find them in \(bytes.count) bytes of text",
                    found: "more", hint: "they are long and begin as the prompt does again and again")
            }
            return pieces
        }
    }

    /// The pieces of a range. Adds the steps that it takes, and gives up where they are more than the limit.
    private static func cut(
        _ bytes: [UInt8], _ range: Range<Int>, _ trie: TokenTrie, _ steps: inout Int, _ limit: Int
    ) -> [WorkingText.Piece] {
        var pieces: [WorkingText.Piece] = []
        var done = range.lowerBound
        var at = range.lowerBound
        while at < range.upperBound, steps <= limit {
            guard let (token, length) = trie.longest(bytes, at..<range.upperBound, &steps) else {
                at += 1
                continue
            }
            var start = at
            var end = at + length
            at = end
            if token.singleWord, !standsAlone(bytes, start..<end, in: range) { continue }
            if token.stripsLeft { start = max(Blanks.start(bytes, range.lowerBound..<start), done) }
            if token.stripsRight { end = Blanks.end(bytes, end..<range.upperBound) }
            if done < start { pieces.append(.init(range: done..<start, token: nil)) }
            pieces.append(.init(range: start..<end, token: token.id))
            done = end
        }
        if done < range.upperBound { pieces.append(.init(range: done..<range.upperBound, token: nil)) }
        return pieces
    }

    private static func standsAlone(_ bytes: [UInt8], _ match: Range<Int>, in range: Range<Int>) -> Bool {
        if match.lowerBound > range.lowerBound,
            let before = UTF8Text.scalar(bytes, UTF8Text.before(bytes, match.lowerBound)), before.isWord
        {
            return false
        }
        if match.upperBound < range.upperBound, let after = UTF8Text.scalar(bytes, match.upperBound), after.isWord {
            return false
        }
        return true
    }
}

/// Runs of white space at the ends of a range.
enum Blanks {
    /// Where the white space at the end of `range` starts.
    static func start(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var start = range.upperBound
        while start > range.lowerBound {
            let before = UTF8Text.before(bytes, start)
            guard let scalar = UTF8Text.scalar(bytes, before), scalar.properties.isWhitespace else { break }
            start = before
        }
        return start
    }

    /// Where the white space at the start of `range` ends.
    static func end(_ bytes: [UInt8], _ range: Range<Int>) -> Int {
        var end = range.lowerBound
        while end < range.upperBound, let scalar = UTF8Text.scalar(bytes, end), scalar.properties.isWhitespace {
            end = UTF8Text.after(bytes, end)
        }
        return end
    }
}

extension Unicode.Scalar {
    /// `\w` as Unicode Technical Standard 18 defines it, with the characters that the tokenizers library knows (16).
    fileprivate var isWord: Bool {
        guard let age = properties.age, age.major <= 16 else { return false }
        if properties.isAlphabetic || properties.isJoinControl { return true }
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .connectorPunctuation: return true
        default: return false
        }
    }
}

/// A prefix tree over bytes.
private struct TokenTrie: Sendable {
    private struct Node {
        var next: [UInt8: Int] = [:]
        var token: AddedToken?
    }

    private var nodes = [Node()]
    /// The bytes a token can start with.
    private var starts = [Bool](repeating: false, count: 256)

    var isEmpty: Bool { nodes.count == 1 }

    init(_ entries: [(text: String, token: AddedToken)]) {
        for (text, token) in entries {
            var node = 0
            for byte in text.utf8 {
                if node == 0 { starts[Int(byte)] = true }
                if let next = nodes[node].next[byte] {
                    node = next
                } else {
                    nodes.append(Node())
                    nodes[node].next[byte] = nodes.count - 1
                    node = nodes.count - 1
                }
            }
            if node != 0 { nodes[node].token = token }
        }
    }

    /// The longest token that starts where `range` starts and ends within it. Adds the bytes that it looks at.
    func longest(_ bytes: [UInt8], _ range: Range<Int>, _ steps: inout Int) -> (token: AddedToken, length: Int)? {
        guard starts[Int(bytes[range.lowerBound])] else { return nil }
        var node = 0
        var best: (AddedToken, Int)?
        for at in range {
            steps += 1
            guard let next = nodes[node].next[bytes[at]] else { break }
            node = next
            if let token = nodes[node].token { best = (token, at + 1 - range.lowerBound) }
        }
        return best
    }
}
