import Foundation
import Kernels
import TestSupport
import Testing

/// Kernels against plain double-precision loops.
@Suite struct KernelTests {
    private var generator = SeededGenerator(seed: 7)

    private mutating func random(_ count: Int, scale: Float = 1) -> [Float] {
        (0..<count).map { _ in Float.random(in: -scale...scale, using: &generator) }
    }

    /// Where a value of a row stands in tiled rows.
    private func place(row: Int, _ k: Int, inner: Int) -> Int {
        let (tile, place) = row.quotientAndRemainder(dividingBy: kernels_tile())
        return (tile * inner + k) * kernels_tile() + place
    }

    /// Every value where it belongs, and nothing behind the last tile.
    @Test(arguments: [(1, 1), (5, 16), (6, 40), (13, 100), (24, 577)])
    mutating func tiledRows(rows: Int, inner: Int) {
        let stride = inner + 3
        let x = random(rows * stride)
        let count = kernels_tiled_count(rows, inner)
        var tiled = [Float](repeating: 9, count: count + 1)
        kernels_tile_rows(x, stride, rows, inner, &tiled)
        for row in 0..<rows {
            for k in 0..<inner { #expect(tiled[place(row: row, k, inner: inner)] == x[row * stride + k]) }
        }
        #expect(tiled[count] == 9)
    }

    @Test(arguments: [(3, 1), (6, 5), (4, 16), (7, 48), (20, 100), (3, 577)])
    mutating func rmsNorm(rows: Int, width: Int) {
        let (x, weight) = (random(rows * width, scale: 4), random(width))
        var out = [Float](repeating: 0, count: kernels_tiled_count(rows, width))
        kernels_rms_norm(x, width, weight, 1e-5, rows, width, &out)
        var largest = LargestDifference()
        for row in 0..<rows {
            let squares = (0..<width).reduce(0.0) { $0 + pow(Double(x[row * width + $1]), 2) }
            let scale = 1 / (squares / Double(width) + 1e-5).squareRoot()
            for i in 0..<width {
                let expected = Double(x[row * width + i]) * scale * Double(weight[i])
                let found = out[place(row: row, i, inner: width)]
                largest.add(found, expected, relativeTo: .each(atLeast: 1), at: "row \(row), column \(i)")
            }
        }
        #expect(largest.value <= 1e-6, "\(largest)")
    }

    /// A score that is not a number must not pass for a masked one: the rows that see it, and no others, get it.
    @Test func attentionKeepsWhatIsNotANumber() {
        let (length, size, bad) = (40, 8, 17)
        let q = [Float](repeating: 1, count: length * size)
        let v = q
        var k = q
        k[bad * size] = .nan
        var out = q
        var scratch = [Float](repeating: 0, count: kernels_attention_scratch(length, size))
        kernels_attention_pack(k, v, size, 0, length, size, length, &scratch)
        kernels_attention(q, size, &out, size, 0, length, 1, size, 0, 1, length, &scratch)
        for token in 0..<length { #expect(out[token * size].isNaN == (token >= bad)) }
    }

    /// Each row gains the same row; what stands between rows stays.
    @Test(arguments: [(1, 1), (3, 15), (4, 16), (2, 37)])
    mutating func addToRows(rows: Int, count: Int) {
        let stride = count + 3
        let (row, before) = (random(count), random(rows * stride))
        var out = before
        kernels_add_to_rows(row, count, rows, &out, stride)
        for place in out.indices {
            let column = place % stride
            #expect(out[place] == (column < count ? before[place] + row[column] : before[place]))
        }
    }

    /// Single columns have the bits of whole products.
    @Test(arguments: [(1, 1), (5, 3), (9, 128), (40, 129), (17, 1000)])
    mutating func productColumns(columns: Int, inner: Int) {
        let (x, w, start) = (random(inner), random(columns * inner), random(columns))
        var packed = [Float](repeating: 0, count: kernels_packed_count(columns, inner))
        var (all, some) = ([Float](repeating: 0, count: columns), [Float](repeating: 0, count: columns))
        kernels_pack_rows(w, inner, 0, columns, inner, &packed)
        var tiled = [Float](repeating: 0, count: kernels_tiled_count(1, inner))
        kernels_tile_rows(x, inner, 1, inner, &tiled)
        kernels_product(tiled, 1, packed, columns, inner, nil, start, false, &all, columns)
        w.withUnsafeBufferPointer { w in
            let rows: [UnsafePointer<Float>?] = (0..<columns).map { column in w.baseAddress.map { $0 + column * inner }
            }
            kernels_product_columns(x, rows, columns, inner, start, &some)
        }
        #expect(all.map(\.bitPattern) == some.map(\.bitPattern))
    }

    @Test func kthLargest() {
        let values: [Float] = [3, -1, 7, 7, .nan, 2, 0.5]
        var heap = [Float](repeating: 0, count: 8)
        #expect((1...7).map { kernels_kth_largest(values, values.count, $0, &heap) } == [7, 7, 3, 2, 0.5, 0, 0])
    }

    /// Some columns of tiled rows; the others stay as they are.
    @Test(arguments: [(1, 1), (3, 15), (6, 16), (8, 17), (13, 100)])
    mutating func siluMultiply(rows: Int, count: Int) {
        let (stride, inner, first) = (count + 2, count + 5, 4)
        let (gate, up) = (random(rows * stride, scale: 60), random(rows * stride, scale: 3))
        var out = [Float](repeating: 7, count: kernels_tiled_count(rows, inner))
        kernels_silu_multiply(gate, up, stride, rows, count, first, inner, &out)
        var largest = LargestDifference()
        for row in 0..<rows {
            for k in 0..<inner {
                let (found, i) = (out[place(row: row, k, inner: inner)], k - first)
                guard i >= 0, i < count else {
                    #expect(found == 7)
                    continue
                }
                let x = Double(gate[row * stride + i])
                let expected = x / (1 + exp(-x)) * Double(up[row * stride + i])
                largest.add(found, expected, relativeTo: .each(atLeast: 1e-3), at: "row \(row), column \(k)")
            }
        }
        #expect(largest.value <= 1e-6, "\(largest)")
    }

    /// The longer ones go over several blocks of 256 keys.
    @Test(arguments: [
        (1, 1, 8, 0), (9, 3, 20, 0), (33, 1, 64, 0), (70, 4, 16, 5), (130, 2, 128, 64), (47, 3, 80, 1),
        (256, 1, 16, 0), (257, 3, 64, 0), (600, 2, 40, 0), (530, 1, 16, 300), (700, 3, 8, 70),
    ])
    mutating func attention(length: Int, group: Int, size: Int, window: Int) {
        let (q, k, v) = (
            random(length * group * size, scale: 2), random(length * size, scale: 2), random(length * size)
        )
        var out = [Float](repeating: 0, count: q.count)
        var scratch = [Float](repeating: .nan, count: kernels_attention_scratch(length, size))
        kernels_attention_pack(k, v, size, 0, length, size, length, &scratch)
        kernels_attention(
            q, group * size, &out, group * size, 0, length, group, size, window, 0.25, length, &scratch)
        var largest = LargestDifference()
        for token in 0..<length {
            let first = window > 0 ? max(0, token - window + 1) : 0
            for head in 0..<group {
                let at = (token * group + head) * size
                let scores = (first...token).map { key in
                    0.25 * (0..<size).reduce(0.0) { $0 + Double(q[at + $1]) * Double(k[key * size + $1]) }
                }
                let top = scores.max() ?? 0
                let weights = scores.map { exp($0 - top) }
                let sum = weights.reduce(0, +)
                let expected = (0..<size).map { d in
                    weights.indices.reduce(0.0) { $0 + weights[$1] / sum * Double(v[(first + $1) * size + d]) }
                }
                largest.add(out[at..<at + size], expected, at: "token \(token), head \(head)")
            }
        }
        #expect(largest.value < 5e-6, "\(largest)")
    }

    @Test mutating func topKIsTheSortedHeadWithTiesToTheLowerLatent() {
        for round in 0..<200 {
            let count = 1 + round * 7 % 300
            let k = 1 + round % 40
            // Few distinct values, so that ties are common.
            let z = (0..<count).map { _ in Float(Int.random(in: -6...6, using: &generator)) / 2 }
            var values = [Float](repeating: 0, count: k)
            var latents = [UInt32](repeating: 0, count: k)
            var held = 0
            var first = 0
            while first < count {
                let chunk = min(count - first, 1 + Int.random(in: 0..<64, using: &generator))
                held = z.withUnsafeBufferPointer {
                    kernels_top_k($0.baseAddress! + first, chunk, UInt32(first), k, &values, &latents, held)
                }
                first += chunk
            }
            let expected = (0..<count).filter { z[$0] > 0 }.sorted { (z[$0], $1) > (z[$1], $0) }.prefix(k).sorted()
            #expect(latents[..<held].sorted() == expected.map(UInt32.init))
            #expect((0..<held).allSatisfy { values[$0] == z[Int(latents[$0])] })
        }
    }

    @Test mutating func aboveTakesWhatPassesItsThreshold() {
        let z = random(1003)
        let threshold = random(1003)
        var values = [Float](repeating: 0, count: z.count)
        var latents = [UInt32](repeating: 0, count: z.count)
        var found = kernels_above(z, threshold, z.count, 5, &values, &latents)
        #expect(latents[..<found].map { Int($0) - 5 } == z.indices.filter { z[$0] > threshold[$0] && z[$0] > 0 })
        found = kernels_above(z, nil, z.count, 0, &values, &latents)
        #expect(Array(values[..<found]) == z.filter { $0 > 0 })
    }

    @Test func finiteMeansNoInfinityAndNoNaN() {
        for count in [1, 16, 37] {
            var x = [Float](repeating: .greatestFiniteMagnitude, count: count)
            #expect(kernels_all_finite(x, count))
            for bad in [Float.nan, .infinity, -.infinity] {
                x[count - 1] = bad
                #expect(!kernels_all_finite(x, count))
            }
        }
    }
}
