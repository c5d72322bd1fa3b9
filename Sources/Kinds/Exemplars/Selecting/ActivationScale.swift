import Evaluation

/// Intervals of equal width for a latent's activations, from 0 (or from below it, for signed ones) to a power of two above
/// the largest.
///
/// A power of two, because then two intervals of one scale are one of the next: counts and samples merge exactly, whichever
/// part of a corpus has the largest activation.
struct ActivationScale: Sendable, Hashable {
    /// All activations are below 2^exponent.
    var exponent: Int

    /// Intervals between 0 and the top: of histograms, and of samples.
    static let bins = 64
    static let intervals = 16

    /// The scale whose top is just above `largest`, which is above 0 and finite.
    init(above largest: Float) {
        exponent = Int(largest.exponent) + 1
    }

    init(exponent: Int) {
        self.exponent = exponent
    }

    /// The interval of an activation among `count` between 0 and the top; below 0 for negative activations.
    func interval(of value: Float, among count: Int) -> Int {
        // Exact: a float32 times a power of two is a float64.
        let share = Double(sign: .plus, exponent: -exponent, significand: Double(value))
        return Int((share * Double(count)).rounded(.down))
    }

    /// Width of one of `count` intervals.
    func width(among count: Int) -> Double {
        Double(sign: .plus, exponent: exponent, significand: 1) / Double(count)
    }

    /// Where histograms of a rule begin, in bins: signed activations have as many below 0 as above.
    static func firstBin(_ rule: ActivationRule) -> Int { rule == .linear ? -bins : 0 }

    /// Bins of a histogram.
    static func binCount(_ rule: ActivationRule) -> Int { rule == .linear ? 2 * bins : bins }

    /// The counts of a histogram of this scale in bins of a coarser one.
    func coarsened(_ counts: [UInt64], to scale: ActivationScale, rule: ActivationRule) -> [UInt64] {
        let octaves = min(scale.exponent - exponent, Int.bitWidth - 1)
        guard octaves > 0 else { return counts }
        let first = Self.firstBin(rule)
        var coarse = [UInt64](repeating: 0, count: counts.count)
        for (bin, count) in counts.enumerated() where count > 0 { coarse[(bin + first) >> octaves - first] += count }
        return coarse
    }
}
