/// Values as bars of eight heights, on a scale of their own from the smallest of them, or zero, to the largest, or zero.
struct Sparkline: CustomStringConvertible {
    let description: String

    private static let bars = Array("▁▂▃▄▅▆▇█")

    /// A value that is missing leaves a blank.
    init(_ values: [Double?]) {
        let there = values.compactMap { $0 }.filter(\.isFinite)
        let (low, high) = (min(0, there.min() ?? 0), max(0, there.max() ?? 0))
        description = String(
            values.map { value -> Character in
                guard let value, value.isFinite else { return " " }
                guard high > low else { return Self.bars[0] }
                return Self.bars[min(Self.bars.count - 1, Int((value - low) / (high - low) * Double(Self.bars.count)))]
            })
    }
}
