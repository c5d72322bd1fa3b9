import Compute
import Kernels

/// One thread's memory for attention: the keys and values of one head, packed by position, of a segment and those above.
///
/// What the next segment has in common with the last stays packed.
final class AttentionScratch {
    let floats: FloatBuffer
    /// Tokens of the longest sequence there is room for.
    let length: Int
    private let headSize: Int
    private var head = PackedSequences.none
    private var segment = PackedSequences.none

    init(length: Int, headSize: Int) {
        self.length = length
        self.headSize = headSize
        floats = FloatBuffer(kernels_attention_scratch(length, headSize))
    }

    /// To be called when the keys and values of a batch have changed.
    func forget() {
        segment = PackedSequences.none
    }

    /// Makes sure that keys and values of `segment` and the segments above it are packed. `keys` and `values` have a row
    /// for each row of `sequences`, and head number `head` at its beginning.
    func pack(_ segment: Int, of sequences: PackedSequences, head: Int, keys: Matrix, values: Matrix) {
        let shared = head == self.head ? commonSegment(segment, self.segment, sequences.segments) : PackedSequences.none
        var missing = segment
        while missing != shared {
            let part = sequences.segments[missing]
            let offset = part.rows.lowerBound * keys.stride
            kernels_attention_pack(
                keys.pointer + offset, values.pointer + offset, keys.stride, part.start, part.rows.count, headSize,
                length, floats.pointer)
            missing = part.parent
        }
        self.head = head
        self.segment = segment
    }

    /// The deepest segment that both `a` and `b` are, or lie below; `none` if there is none.
    private func commonSegment(_ a: Int, _ b: Int, _ segments: [PackedSequences.Segment]) -> Int {
        var (a, b) = (a, b)
        // Parents have lower numbers, and `none` is lower than all.
        while a != b {
            if a > b { a = segments[a].parent } else { b = segments[b].parent }
        }
        return a
    }
}
