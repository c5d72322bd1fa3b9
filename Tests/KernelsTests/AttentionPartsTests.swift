import Foundation
import Kernels
import TestSupport
import Testing

/// Attention over parts of a sequence gives the bits of attention over all of it at once: this is what sharing the
/// beginning of several prompts rests on.
@Suite struct AttentionPartsTests {
    /// Queries, keys and values of a sequence, from a seed.
    private struct Sequence {
        let q, k, v: [Float]

        init(length: Int, group: Int, size: Int, seed: UInt64) {
            var generator = SeededGenerator(seed: seed)
            func random(_ count: Int) -> [Float] {
                (0..<count).map { _ in Float.random(in: -2...2, using: &generator) }
            }
            (q, k, v) = (random(length * group * size), random(length * size), random(length * size))
        }
    }

    private struct Shape {
        let length, group, size, window: Int

        func pack(_ sequence: Sequence, _ part: Range<Int>, into scratch: inout [Float]) {
            sequence.k.withUnsafeBufferPointer { k in
                sequence.v.withUnsafeBufferPointer { v in
                    guard let k = k.baseAddress, let v = v.baseAddress else { return }
                    let at = part.lowerBound * size
                    kernels_attention_pack(k + at, v + at, size, part.lowerBound, part.count, size, length, &scratch)
                }
            }
        }

        func attend(_ sequence: Sequence, _ part: Range<Int>, _ scratch: inout [Float], into out: inout [Float]) {
            let width = group * size
            sequence.q.withUnsafeBufferPointer { q in
                out.withUnsafeMutableBufferPointer { out in
                    guard let q = q.baseAddress, let out = out.baseAddress else { return }
                    let at = part.lowerBound * width
                    kernels_attention(
                        q + at, width, out + at, width, part.lowerBound, part.count, group, size, window, 0.25,
                        length, &scratch)
                }
            }
        }
    }

    @Test(arguments: [255, 256, 257, 511, 513, 600], [1, 2, 3, 4])
    func partsGiveTheBitsOfTheWhole(length: Int, group: Int) {
        var generator = SeededGenerator(seed: UInt64(length * 10 + group))
        for window in [0, 1, 5, 70, 256, 300] {
            let size = [8, 20, 64][Int.random(in: 0..<3, using: &generator)]
            let shape = Shape(length: length, group: group, size: size, window: window)
            let sequence = Sequence(length: length, group: group, size: size, seed: UInt64(length + window))
            let unused = [Float](repeating: .nan, count: kernels_attention_scratch(length, size))
            var whole = [Float](repeating: .nan, count: sequence.q.count)
            var scratch = unused
            shape.pack(sequence, 0..<length, into: &scratch)
            shape.attend(sequence, 0..<length, &scratch, into: &whole)
            #expect(whole.allSatisfy { $0.isFinite })

            let cuts = (0..<Int.random(in: 1...6, using: &generator)).map { _ in
                Int.random(in: 1..<length, using: &generator)
            }
            let ends = Set(cuts + [1, 256, length]).filter { $0 <= length }.sorted()
            var parts = [Float](repeating: .nan, count: whole.count)
            scratch = unused
            for (start, end) in zip([0] + ends, ends) {
                shape.pack(sequence, start..<end, into: &scratch)
                shape.attend(sequence, start..<end, &scratch, into: &parts)
            }
            #expect(parts.map(\.bitPattern) == whole.map(\.bitPattern), "window \(window), size \(size), \(ends)")
        }
    }

    /// Two sequences that part at `start`, the longer one first: what is left of it behind the end of the other, in the
    /// same tile of keys and beyond, does not count.
    @Test(arguments: [1, 31, 33, 250, 256, 270])
    func whatIsLeftOfAnotherSequenceDoesNotCount(start: Int) {
        for (group, window) in [(1, 0), (3, 0), (2, 40)] {
            let shape = Shape(length: start + 300, group: group, size: 20, window: window)
            let long = Sequence(length: shape.length, group: group, size: 20, seed: 1)
            let short = Sequence(length: start + 7, group: group, size: 20, seed: 2)
            var scratch = [Float](repeating: .nan, count: kernels_attention_scratch(shape.length, 20))
            var alone = [Float](repeating: 0, count: short.q.count)
            shape.pack(short, 0..<start + 7, into: &scratch)
            shape.attend(short, 0..<start + 7, &scratch, into: &alone)

            var after = [Float](repeating: 0, count: short.q.count)
            scratch = Array(repeating: .nan, count: scratch.count)
            shape.pack(short, 0..<start, into: &scratch)
            shape.pack(long, start..<shape.length, into: &scratch)
            shape.attend(short, 0..<start, &scratch, into: &after)
            shape.pack(short, start..<start + 7, into: &scratch)
            shape.attend(short, start..<start + 7, &scratch, into: &after)
            #expect(after.map(\.bitPattern) == alone.map(\.bitPattern), "group \(group), window \(window)")
        }
    }
}
