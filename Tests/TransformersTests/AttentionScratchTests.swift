import Compute
import Kernels
import TestSupport
import Testing

@testable import Transformers

/// What a thread finds packed from segments before must be what it would pack anew.
@Suite struct AttentionScratchTests {
    private static let (heads, size) = (2, 8)
    /// Floats of a row: a query, then the keys of all heads, then the values.
    private static let columns = size * (1 + 2 * heads)

    private static func attention(
        _ segment: Int, of sequences: PackedSequences, head: Int, rows: FloatBuffer, _ scratch: AttentionScratch
    ) -> [UInt32] {
        let keys = rows.pointer + (1 + head) * size
        scratch.pack(
            segment, of: sequences, head: head, keys: Matrix(keys, stride: columns),
            values: Matrix(keys + heads * size, stride: columns))
        let part = sequences.segments[segment]
        var out = [Float](repeating: .nan, count: part.rows.count * size)
        kernels_attention(
            rows.pointer + part.rows.lowerBound * columns, columns, &out, size, part.start, part.rows.count, 1, size, 0,
            1, scratch.length, scratch.floats.pointer)
        return out.map(\.bitPattern)
    }

    /// Segments in any order, as threads take them, with heads in between and batches that change.
    @Test func whatStaysPackedIsWhatWouldBePacked() {
        var compared = 0
        for seed in UInt64(0)..<100 {
            let sequences = PackedSequences(PackedSequencesTests.random(seed))
            guard !sequences.segments.isEmpty else { continue }
            var generator = SeededGenerator(seed: seed)
            let rows = FloatBuffer(sequences.ids.count * Self.columns)
            let scratch = AttentionScratch(length: sequences.longest + 40, headSize: Self.size)
            for visit in 0..<80 {
                if visit % 20 == 0 {
                    for index in 0..<rows.count { rows.pointer[index] = Float.random(in: -2...2, using: &generator) }
                    scratch.forget()
                }
                let segment = Int.random(in: 0..<sequences.segments.count, using: &generator)
                let head = Int.random(in: 0..<5, using: &generator) / 4
                let fresh = AttentionScratch(length: sequences.longest, headSize: Self.size)
                let expected = Self.attention(segment, of: sequences, head: head, rows: rows, fresh)
                let found = Self.attention(segment, of: sequences, head: head, rows: rows, scratch)
                #expect(found == expected, "seed \(seed), visit \(visit)")
                compared += 1
            }
        }
        #expect(compared > 4000)
    }
}
