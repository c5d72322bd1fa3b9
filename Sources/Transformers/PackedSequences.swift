/// Token sequences as rows of one batch, without padding, in which a beginning that several sequences have in common
/// stands once: what is computed for a token depends on the tokens before it alone.
///
/// Rows form a forest, each below the row of the token before it. Every common beginning is shared, be it one token: a
/// row costs products with all weights of a layer, a branch no more than a tile of attention that is not full.
public struct PackedSequences: Sendable {
    /// No row: the parent of a first token, the parent of a first segment.
    static let none = -1

    /// A run of rows, each below the one before it, that all sequences with its last row share.
    struct Segment {
        let rows: Range<Int>
        /// Position of its first token in the sequence.
        let start: Int
        /// The segment that ends with the token before `start`; it has a lower number. `none` where `start` is 0.
        let parent: Int
    }

    /// Number of sequences.
    public var count: Int { last.count }
    /// Tokens of the longest sequence.
    public let longest: Int
    /// Token ids of the rows.
    public let ids: [UInt32]
    /// Positions of the rows in their sequences.
    let positions: [Int]
    /// All rows, cut wherever sequences part; a segment stands behind its parent, and those below it follow it.
    let segments: [Segment]
    /// The row of the token before.
    private let parents: [Int]
    /// The row of each sequence's last token; `none` for an empty sequence.
    private let last: [Int]

    /// Packs sequences with their common beginnings shared, in the order of their tokens.
    public init(_ sequences: [[UInt32]]) {
        let order = sequences.indices.sorted { sequences[$0].lexicographicallyPrecedes(sequences[$1]) }
        self.init(sequences, order: order, sharing: true)
    }

    /// Packs sequences one behind the other, with nothing shared.
    public init(separate sequences: [[UInt32]]) {
        self.init(sequences, order: Array(sequences.indices), sharing: false)
    }

    private init(_ sequences: [[UInt32]], order: [Int], sharing: Bool) {
        var (ids, positions, parents) = ([UInt32](), [Int](), [Int]())
        var last = Array(repeating: Self.none, count: sequences.count)
        // The rows of the sequence before, from its first token to its last.
        var path: [Int] = []
        for index in order {
            // In sorted order no other sequence has more in common with this one than the last.
            let common = sharing ? zip(path, sequences[index]).prefix { ids[$0] == $1 }.count : 0
            path.removeSubrange(common...)
            for id in sequences[index].dropFirst(common) {
                parents.append(path.last ?? Self.none)
                positions.append(path.count)
                path.append(ids.count)
                ids.append(id)
            }
            last[index] = path.last ?? Self.none
        }
        self.ids = ids
        self.positions = positions
        self.parents = parents
        self.last = last
        longest = (positions.max() ?? Self.none) + 1
        segments = Self.segments(parents: parents, positions: positions)
    }

    private static func segments(parents: [Int], positions: [Int]) -> [Segment] {
        var children = Array(repeating: 0, count: parents.count)
        for parent in parents where parent != none { children[parent] += 1 }
        var starts = parents.indices.filter { parents[$0] == none || children[parents[$0]] > 1 }
        starts.append(parents.count)
        var segments: [Segment] = []
        // By row, the segment that it is the last of.
        var ending: [Int: Int] = [:]
        for (start, end) in zip(starts, starts.dropFirst()) {
            let parent = parents[start] == none ? none : ending[parents[start], default: none]
            ending[end - 1] = segments.count
            segments.append(Segment(rows: start..<end, start: positions[start], parent: parent))
        }
        return segments
    }

    /// The rows of a sequence's tokens, in their order.
    public func rows(of sequence: Int) -> [Int] {
        var rows: [Int] = []
        var row = last[sequence]
        while row != Self.none {
            rows.append(row)
            row = parents[row]
        }
        return rows.reversed()
    }
}
