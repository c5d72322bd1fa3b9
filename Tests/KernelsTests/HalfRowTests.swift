import Kernels
import TestSupport
import Testing

/// Bounds from rows of 16-bit floats, for weights that point just where rounding the row leaves something out: the product
/// is off by as much as the lengths of the vectors allow.
@Suite struct HalfRowTests {
    @Test(arguments: [1, 31, 128, 1000, 4096], [Float(1), 0x1p-139, 1e-30, 1e-3, 1e4, 1e30])
    func boundsHoldWhereRoundingCountsMost(width: Int, size: Float) {
        var random = SeededGenerator(seed: UInt64(width))
        let rows = (0..<3).map { row in
            // With some dimensions far larger than the others.
            (0..<width).map { _ in
                size * .random(in: -1...1, using: &random) * (Int.random(in: 0..<50, using: &random) == 0 ? 100 : 1)
            }
        }
        let halves = halves(rows, width: width)
        var weights: [[Float]] = []
        for row in rows.indices {
            let lost = zip(rows[row], halves.values[row]).map { $0 - $1 }
            let largest = lost.reduce(0) { max($0, abs($1)) }
            let scale = largest > 1e-37 ? 1 / largest : 1e37
            weights.append(lost.map { $0 * scale })
            weights.append(lost.map { -$0 * scale })
        }
        let bounds = bounds(weights, rows, halves, width: width)
        for latent in weights.indices {
            for row in rows.indices {
                let exact = zip(weights[latent], rows[row]).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                let at = latent * rows.count + row
                #expect(Double(bounds.lower[at]) <= exact && exact <= Double(bounds.upper[at]))
                let lengths = length(weights[latent]) * length(rows[row])
                #expect(Double(bounds.upper[at] - bounds.lower[at]) < 1.2e-3 * lengths + 1e-28, "narrow")
            }
        }
    }

    /// Powers of two scale a row, so that nothing is too large or too small for a half.
    @Test func rowsKeepElevenBits() {
        for exponent in stride(from: -90, through: 110, by: 5) {
            let unit = Float(sign: .plus, exponent: exponent, significand: 1)
            let row = [Float(1), 1.25, -0.001, 1000.5, 1 / 3, 0].map { $0 * unit }
            let halves = halves([row], width: row.count)
            for (value, half) in zip(row, halves.values[0]) { #expect(abs(value - half) <= abs(value) * 0x1p-11) }
            let lost = length(zip(row, halves.values[0]).map { $0 - $1 })
            #expect(Double(halves.error[0]) >= lost && Double(halves.error[0]) <= 1.001 * lost + 1e-36)
        }
    }

    private struct Halves {
        var values: [[Float]]
        var halves: [UInt16]
        var scale: [Float]
        var error: [Float]

        mutating func withView(_ body: (UnsafePointer<kernels_half_rows>) -> Void) {
            halves.withUnsafeMutableBufferPointer { halves in
                scale.withUnsafeMutableBufferPointer { scale in
                    error.withUnsafeMutableBufferPointer { error in
                        var view = kernels_half_rows(
                            halves: halves.baseAddress, scale: scale.baseAddress, error: error.baseAddress)
                        body(&view)
                    }
                }
            }
        }
    }

    private func halves(_ rows: [[Float]], width: Int) -> Halves {
        let stride = kernels_half_stride(width)
        var result = Halves(
            values: [], halves: Array(repeating: 0, count: rows.count * stride),
            scale: Array(repeating: 0, count: rows.count), error: Array(repeating: 0, count: rows.count))
        let x = rows.flatMap { $0 }
        result.withView { kernels_half_encode(x, width, rows.count, width, $0) }
        result.values = rows.indices.map { row in
            (0..<width).map { Float(Float16(bitPattern: result.halves[row * stride + $0])) * result.scale[row] }
        }
        return result
    }

    /// Of all pairs, latent by latent.
    private func bounds(
        _ weights: [[Float]], _ rows: [[Float]], _ halves: Halves, width: Int
    ) -> (lower: [Float], upper: [Float]) {
        var halves = halves
        // What packing gives where 8 bits leave nothing out.
        var (norm, error) = (weights.map { Float(length($0) * 1.0001) }, weights.map { _ in Float(0) })
        var (slack, bias) = (weights.map { _ in Float(1e-30) }, weights.map { _ in Float(0) })
        let lengths = rows.map { Float(length($0) * 1.0001) }
        var pairs: [kernels_bound_pair] = []
        for latent in weights.indices {
            for row in rows.indices {
                pairs.append(.init(latent: UInt32(latent), row: UInt32(row), slot: UInt32(pairs.count)))
            }
        }
        var lower = [Float](repeating: 0, count: pairs.count)
        var upper = lower
        norm.withUnsafeMutableBufferPointer { norm in
            error.withUnsafeMutableBufferPointer { error in
                slack.withUnsafeMutableBufferPointer { slack in
                    bias.withUnsafeMutableBufferPointer { bias in
                        var view = kernels_bound_weights(
                            order: nil, centre: nil, codes: nil, scales: nil, error: error.baseAddress,
                            norm: norm.baseAddress, slack: slack.baseAddress, base: nil, bias: bias.baseAddress,
                            cut: nil, inner: width)
                        halves.withView { x in
                            kernels_bound_tighten(
                                &view, weights.flatMap { $0 }, x, lengths, pairs, pairs.count, &lower, &upper)
                        }
                    }
                }
            }
        }
        return (lower, upper)
    }

    private func length(_ values: [Float]) -> Double {
        values.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    }
}
