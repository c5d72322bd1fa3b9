import Foundation

/// Several measurements of one thing.
public struct Spread: Sendable {
    private let sorted: [Double]

    /// At least one value says something.
    public init(_ values: [Double]) {
        sorted = values.sorted()
    }

    /// The middle one; of two, the mean.
    public var median: Double {
        guard !sorted.isEmpty else { return .nan }
        return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    }

    /// The median, then the smallest and the largest, such as `412 (390-431)`.
    public func text(_ digits: Int) -> String {
        func number(_ value: Double) -> String { String(format: "%.\(digits)f", value) }
        return "\(number(median)) (\(number(sorted.first ?? .nan))-\(number(sorted.last ?? .nan)))"
    }
}
