import Inputs

/// Prompts of a set that say what an earlier one says, or nearly so: statistics take them for independent.
///
/// Two prompts are duplicates where their words are the same, whatever their case and the white space between them. They are
/// near-duplicates where of all runs of five words that stand in one of them or the other more than 0.8 stand in both. Prompts of
/// different groups are never compared: a pair may well differ in a word.
public struct PromptDuplicates: Sendable, Hashable, Codable {
    /// A prompt and an earlier one that it is like, by their positions in the set.
    public struct Pair: Sendable, Hashable, Codable {
        public var position: Int
        public var earlier: Int
        public var isExact: Bool
    }

    /// The most pairs that are named.
    public static let mostPairs = 100
    /// Larger sets are searched for exact duplicates only: 100 MiB of hashes, and a few seconds.
    static let (mostPrompts, mostWords) = (200_000, 20_000_000)

    /// Prompts that are duplicates of an earlier one.
    public var exact: Int
    /// Prompts that are near-duplicates of an earlier one, and duplicates of none; nil where the set is too large to look for them.
    public var near: Int?
    /// The first of all of them.
    public var pairs: [Pair]

    /// Looks for them. `step` is called for each prompt; what it throws ends that.
    public init(of set: PromptSet, step: () throws -> Void = {}) throws {
        try self.init(of: set, mostPrompts: Self.mostPrompts, mostWords: Self.mostWords, step: step)
    }

    init(of set: PromptSet, mostPrompts: Int, mostWords: Int, step: () throws -> Void) throws {
        var firsts: [Digest: Int] = [:]
        var found: [Pair] = []
        var different: [Int] = []
        var words = 0
        for (position, prompt) in set.prompts.enumerated() {
            try step()
            let text = PromptWords(prompt)
            words += text.words.count
            if let earlier = firsts[text.digest] {
                found.append(Pair(position: position, earlier: earlier, isExact: true))
            } else {
                firsts[text.digest] = position
                different.append(position)
            }
        }
        exact = found.count
        if different.count <= mostPrompts, words <= mostWords {
            let similar = try NearDuplicates.pairs(among: different, of: set, step: step)
            near = similar.count
            found += similar
        }
        pairs = Array(found.sorted { $0.position < $1.position }.prefix(Self.mostPairs))
    }

    /// Whether there are none as far as was looked for.
    public var isEmpty: Bool { exact == 0 && (near ?? 0) == 0 }
}

/// A prompt's words in lower case, those of messages after their roles.
struct PromptWords {
    let words: [Substring]
    private let group: String?

    init(_ prompt: Prompt) {
        let text =
            switch prompt.body {
            case .text(let text): text
            case .messages(let messages):
                messages.map { "\($0.role.rawValue): \($0.content)" }.joined(separator: "\n")
            }
        words = text.lowercased().split(whereSeparator: \.isWhitespace)
        group = prompt.group
    }

    /// Of the words and the group. A group's name has no space.
    var digest: Digest { Digest(of: ([Substring(group ?? "")] + words).joined(separator: " ")) }

    /// Hashes of all runs of five words, ascending and each once; of all words together where there are fewer.
    var runs: [UInt64] {
        let length = min(Self.runLength, words.count)
        let hashes = (0...words.count - length).map { start in
            Self.hash(words[start..<start + length].lazy.flatMap { Array($0.utf8) + [UInt8(ascii: " ")] })
        }
        return Set(hashes).sorted()
    }

    private static let runLength = 5

    /// FNV-1a (Fowler, Noll and Vo), 64 bits.
    static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}

/// Candidates by MinHash in bands (Broder, 1997; Leskovec, Rajaraman and Ullman, 2014, chapter 3), which are then compared run
/// by run: what is found is right, and of pairs just above the threshold one in some 5,000 is not found. No chance is in it: the
/// same set gives the same pairs.
private enum NearDuplicates {
    /// With four hashes a band, two prompts share one of 16 bands with probability 0.9998 where 0.8 of their runs are common.
    private static let (bands, hashesInBand) = (16, 4)
    private static let threshold = 0.8

    /// Pairs with the earliest similar prompt that was compared, by position.
    static func pairs(
        among positions: [Int], of set: PromptSet, step: () throws -> Void
    ) throws -> [PromptDuplicates.Pair] {
        let functions = (0..<bands * hashesInBand).map { number in
            (PromptWords.hash("factor \(number)".utf8) | 1, PromptWords.hash("offset \(number)".utf8))
        }
        var keys = [UInt64](repeating: 0, count: positions.count * bands)
        for (number, position) in positions.enumerated() {
            try step()
            let words = PromptWords(set.prompts[position])
            let runs = words.runs
            for band in 0..<bands {
                var key = PromptWords.hash((set.prompts[position].group ?? "").utf8)
                for (factor, offset) in functions[band * hashesInBand..<(band + 1) * hashesInBand] {
                    let least = runs.reduce(UInt64.max) { min($0, $1 &* factor &+ offset) }
                    key = (key ^ least) &* 0x100_0000_01B3 ^ key >> 29
                }
                keys[band * positions.count + number] = key
            }
        }
        var earliest: [Int: Int] = [:]
        for band in 0..<bands {
            let keys = keys[band * positions.count..<(band + 1) * positions.count]
            let start = keys.startIndex
            let order = keys.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
            var first = 0
            for at in order.indices.dropFirst() {
                guard keys[order[at]] == keys[order[first]] else {
                    first = at
                    continue
                }
                // Each is compared with the first of its like and the one before: a set of a million equals takes no million squared.
                let own = positions[order[at] - start]
                for other in Set([order[first], order[at - 1]]).map({ positions[$0 - start] }).sorted() {
                    guard other < earliest[own] ?? .max else { continue }
                    try step()
                    if areSimilar(set.prompts[own], set.prompts[other]) { earliest[own] = other }
                }
            }
        }
        return earliest.sorted { $0.key < $1.key }.map { .init(position: $0, earlier: $1, isExact: false) }
    }

    private static func areSimilar(_ one: Prompt, _ other: Prompt) -> Bool {
        guard one.group == other.group else { return false }
        let (left, right) = (PromptWords(one).runs, PromptWords(other).runs)
        let common = Set(left).intersection(right).count
        return Double(common) > threshold * Double(left.count + right.count - common)
    }
}
