import TestSupport
import Testing

@testable import Transformers

/// The forest of shared beginnings against the definition: one row for each different beginning.
@Suite struct PackedSequencesTests {
    /// Sequences over few tokens, so that many begin alike, some are others' beginnings and some the same.
    static func random(_ seed: UInt64) -> [[UInt32]] {
        var generator = SeededGenerator(seed: seed)
        var sequences: [[UInt32]] = []
        for _ in 0..<Int.random(in: 0...30, using: &generator) {
            let before = sequences.randomElement(using: &generator) ?? []
            let kept = before.prefix(Int.random(in: 0...before.count, using: &generator))
            let length = Int.random(in: 0...12, using: &generator)
            sequences.append(kept + (0..<length).map { _ in UInt32.random(in: 0..<3, using: &generator) })
        }
        return sequences
    }

    private static func expectForest(_ packed: PackedSequences, of sequences: [[UInt32]], _ seed: UInt64) {
        #expect(packed.count == sequences.count && packed.longest == (sequences.map(\.count).max() ?? 0))
        for (index, sequence) in sequences.enumerated() {
            let rows = packed.rows(of: index)
            #expect(rows.map { packed.ids[$0] } == sequence, "\(seed)")
            #expect(rows.map { packed.positions[$0] } == Array(sequence.indices), "\(seed)")
            // The chain of segments up from the one with the last row has the same rows.
            var chain: [Int] = []
            var at = packed.segments.firstIndex { $0.rows.contains(rows.last ?? -1) } ?? PackedSequences.none
            while at != PackedSequences.none {
                chain = packed.segments[at].rows + chain
                at = packed.segments[at].parent
            }
            #expect(Array(chain.prefix(rows.count)) == rows, "\(seed)")
        }
        #expect(packed.segments.flatMap(\.rows) == Array(packed.ids.indices), "\(seed)")
        for (index, segment) in packed.segments.enumerated() {
            #expect(segment.parent < index && !segment.rows.isEmpty, "\(seed)")
            let parent = segment.parent == PackedSequences.none ? nil : packed.segments[segment.parent]
            #expect(segment.start == parent.map { $0.start + $0.rows.count } ?? 0, "\(seed)")
        }
    }

    @Test func everyBeginningHasOneRow() {
        for seed in UInt64(0)..<300 {
            let sequences = Self.random(seed)
            let packed = PackedSequences(sequences)
            Self.expectForest(packed, of: sequences, seed)
            let beginnings = Set(sequences.flatMap { ids in ids.indices.map { Array(ids[...$0]) } })
            #expect(packed.ids.count == beginnings.count, "\(seed)")
            // A segment for each token that is first or where sequences part, and no more.
            let parents = beginnings.map { Array($0.dropLast()) }
            let branches = Dictionary(grouping: parents) { $0 }.filter { $0.key.isEmpty || $0.value.count > 1 }
            #expect(packed.segments.count == branches.reduce(0) { $0 + $1.value.count }, "\(seed)")
        }
    }

    @Test func rowsDoNotDependOnTheOrderOfSequences() {
        for seed in UInt64(0)..<50 {
            let sequences = Self.random(seed)
            let (packed, turned) = (PackedSequences(sequences), PackedSequences(sequences.reversed()))
            #expect(packed.ids == turned.ids && packed.positions == turned.positions)
            for index in sequences.indices {
                #expect(packed.rows(of: index) == turned.rows(of: sequences.count - 1 - index))
            }
        }
    }

    @Test func separateSequencesShareNothing() {
        for seed in UInt64(0)..<50 {
            let sequences = Self.random(seed)
            let packed = PackedSequences(separate: sequences)
            Self.expectForest(packed, of: sequences, seed)
            #expect(packed.ids == Array(sequences.joined()))
            #expect(packed.segments.map(\.rows.count) == sequences.map(\.count).filter { $0 > 0 })
        }
    }

    /// As large as a shard may be (2^20 tokens): quadratic work or recursion would not come to an end here.
    @Test(.timeLimit(.minutes(5)))
    func largeShards() {
        let prompt = (0..<512).map { UInt32($0) }
        let same = PackedSequences(Array(repeating: prompt, count: 2048))
        #expect(same.ids.count == 512 && same.segments.count == 1 && same.count == 2048)
        #expect(same.rows(of: 2047) == Array(0..<512))

        let branching = PackedSequences((0..<UInt32(2048)).map { prompt + [$0] })
        #expect(branching.ids.count == 512 + 2048 && branching.segments.count == 1 + 2048)

        let nested = PackedSequences((1...1440).map { Array(repeating: 7, count: $0) })
        #expect(nested.ids.count == 1440 && nested.segments.count == 1)

        // Each goes one token further with the others before it leaves: a chain of 1,000 branches.
        let comb = PackedSequences((1...1000).map { Array(repeating: 7, count: $0) + [8] })
        #expect(comb.ids.count == 2000 && comb.segments.count == 1999)

        let single = PackedSequences((0..<UInt32(100_000)).map { [$0] })
        #expect(single.ids.count == 100_000 && single.segments.count == 100_000)
    }
}
