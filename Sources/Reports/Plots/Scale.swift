import Kernels

/// How the values of an axis become places on it, from 0 at its begin to 1 at its end. Values beyond stand at the ends.
struct Scale: Sendable, Hashable {
    /// A value that is written at the axis.
    struct Tick: Sendable, Hashable {
        let value: Double
        let label: String
    }

    private enum Form: Hashable {
        case linear
        /// Zeros stand by themselves, before the smallest power of ten.
        case logarithmic
        /// Linear below the threshold, logarithmic above, on both sides of zero.
        case symmetric(threshold: Double)
    }

    let low: Double
    let high: Double
    let ticks: [Tick]
    private let form: Form

    /// Of a logarithmic axis what belongs to zeros.
    private static let zeros = 0.1
    /// Powers of ten that are written at one axis.
    private static let mostPowers = 7

    /// From zero to the largest and the smallest of the values; to 1 where all of them are zero.
    static func linear(_ values: some Sequence<Double>) -> Scale {
        let (least, most) = range(values)
        let (low, high) = least == 0 && most == 0 ? (0, 1) : (least, most)
        let step = self.step(high - low)
        // Whole steps, so that the axis ends at a tick.
        let first = (low / step).rounded(.down)
        let last = (high / step).rounded(.up)
        let ticks = stride(from: first, through: last, by: 1).map { Tick(value: $0 * step, label: label($0 * step)) }
        return Scale(low: first * step, high: last * step, ticks: ticks, form: .linear)
    }

    /// Over the powers of ten around the positive values, with a place for zeros. Values below zero do not belong here.
    static func logarithmic(_ values: some Sequence<Double>) -> Scale {
        let positive = values.map(bounded).filter { $0 > 0 }
        let first = positive.min().map { power(notAbove: $0) } ?? -1
        let most = positive.max() ?? 1
        var last = power(notAbove: most)
        if pow10(last) < most || last == first { last += 1 }
        let powers = thinned(Array(first...max(last, first + 1)))
        let ticks = [Tick(value: 0, label: "0")] + powers.map { Tick(value: pow10($0), label: label(pow10($0))) }
        return Scale(low: pow10(first), high: pow10(max(last, first + 1)), ticks: ticks, form: .logarithmic)
    }

    /// As far to one side of zero as to the other, and at least so far that all values are there. It is linear up to the
    /// largest power of ten that is not above a thirtieth of the largest value.
    static func symmetric(_ values: some Sequence<Double>) -> Scale {
        let (least, most) = range(values)
        let reach = max(-least, most)
        // A little more, so that nothing lies on the edge.
        let high = reach > 0 ? reach * 1.1 : 1
        let first = power(notAbove: high / 30)
        let powers = thinned(Array(first...max(first, power(notAbove: high))))
        let positive = powers.map { Tick(value: pow10($0), label: label(pow10($0))) }
        let negative = powers.reversed().map { Tick(value: -pow10($0), label: label(-pow10($0))) }
        return Scale(
            low: -high, high: high, ticks: negative + [Tick(value: 0, label: "0")] + positive,
            form: .symmetric(threshold: pow10(first)))
    }

    /// The value's place; 0 for one that is no number.
    func place(_ value: Double) -> Double {
        guard !value.isNaN else { return 0 }
        switch form {
        case .linear: return Self.clamped((value - low) / (high - low))
        case .logarithmic:
            guard value > 0 else { return Self.zeros * 0.3 }
            let share = (Self.log10(value) - Self.log10(low)) / (Self.log10(high) - Self.log10(low))
            return Self.zeros + (1 - Self.zeros) * Self.clamped(share)
        case .symmetric(let threshold):
            let most = elementary_log1p(high / threshold)
            let size = min(1, elementary_log1p(min(abs(value), high) / threshold) / most)
            return 0.5 + (value < 0 ? -size : size) / 2
        }
    }

    /// −log₁₀ of a probability, which is infinite for 0.
    static func minusLog10(_ probability: Double) -> Double { probability > 0 ? -log10(probability) : .infinity }

    /// The values' ends and zero.
    private static func range(_ values: some Sequence<Double>) -> (Double, Double) {
        values.map(bounded).reduce((0, 0)) { (min($0.0, $1), max($0.1, $1)) }
    }

    /// The value as far as axes go: 0 where it is smaller than any that means something, or is none.
    private static func bounded(_ value: Double) -> Double {
        guard value.isFinite, abs(value) > 1e-300 else { return 0 }
        return min(max(value, -1e300), 1e300)
    }

    private static func clamped(_ share: Double) -> Double { min(1, max(0, share)) }

    /// 1, 2 or 5 times a power of ten, so that there are three to seven steps.
    private static func step(_ range: Double) -> Double {
        let rough = range / 5
        let power = pow10(power(notAbove: rough))
        return ([1, 2, 5].first { $0 * power >= rough } ?? 10) * power
    }

    private static func log10(_ value: Double) -> Double { elementary_log(value) / elementary_log(10) }

    /// The exponent of the largest power of ten that is not above a positive value.
    private static func power(notAbove value: Double) -> Int {
        var exponent = Int(log10(value).rounded(.down))
        // The logarithm of a power of ten may be off by a digit.
        if pow10(exponent + 1) <= value { exponent += 1 }
        if pow10(exponent) > value { exponent -= 1 }
        return exponent
    }

    /// As the language reads it, which no multiplication matches; the smallest number above zero for exponents beyond.
    private static func pow10(_ exponent: Int) -> Double { max(Double("1e\(exponent)") ?? 0, .leastNonzeroMagnitude) }

    private static func thinned(_ powers: [Int]) -> [Int] {
        let every = (powers.count + mostPowers - 1) / mostPowers
        return powers.filter { ($0 - (powers.first ?? 0)) % every == 0 }
    }

    /// The shortest way to write a tick: without trailing zeros, as a power where it would be long.
    private static func label(_ value: Double) -> String {
        let size = abs(value)
        guard size > 0 else { return "0" }
        let sign = value < 0 ? "−" : ""
        guard size >= 0.001, size < 100_000 else {
            let exponent = power(notAbove: size)
            let tenths = Int((size / pow10(exponent) * 10).rounded())
            let digits = tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
            return sign + (tenths == 10 ? "" : "\(digits)×") + "10" + superscript(exponent)
        }
        let thousandths = Int((size * 1_000_000).rounded())
        var text = "\(thousandths / 1_000_000)"
        let rest = thousandths % 1_000_000
        if rest > 0 {
            var digits = String("\(1_000_000 + rest)".dropFirst())
            while digits.last == "0" { digits.removeLast() }
            text += "." + digits
        }
        return sign + text
    }

    private static func superscript(_ number: Int) -> String {
        let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return (number < 0 ? "⁻" : "") + String("\(abs(number))".compactMap { $0.wholeNumberValue.map { digits[$0] } })
    }
}
