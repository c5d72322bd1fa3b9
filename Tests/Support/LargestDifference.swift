/// How far numbers are from those that were expected, at most, and where.
///
/// What cannot be compared never passes for equal: `value` is NaN, which is below no tolerance, as long as nothing was
/// compared, and for good as soon as a number, on either side, was a NaN or an infinity (also against the same infinity:
/// no number that is compared like this may be one). Where there are more numbers than expected, or fewer, it is infinite.
public struct LargestDifference: CustomStringConvertible, Sendable {
    /// What differences are divided by. Equal numbers differ by 0, whatever it is.
    public enum Scale: Sendable {
        case one
        case value(Double)
        /// The expected number's size, but not less than this.
        case each(atLeast: Double = 0)
        /// The length of the row, of so many numbers, in what is expected.
        case rows(width: Int)
    }

    /// The largest difference so far, divided by its scale.
    public var value: Double { worst?.difference ?? .nan }
    /// Numbers that were compared.
    public private(set) var count = 0
    private var worst: (difference: Double, place: String)?

    /// Of nothing.
    public init() {}

    /// Compares two numbers.
    public mutating func add<Found: BinaryFloatingPoint, Expected: BinaryFloatingPoint>(
        _ found: Found, _ expected: Expected, relativeTo scale: Scale = .one, at place: @autoclosure () -> String = ""
    ) {
        add(CollectionOfOne(found), CollectionOfOne(expected), relativeTo: scale, at: place())
    }

    /// Compares numbers with those at the same places; `place` says in the description what they are.
    public mutating func add<Found: Collection, Expected: Collection>(
        _ found: Found, _ expected: Expected, relativeTo scale: Scale = .one, at place: @autoclosure () -> String = ""
    ) where Found.Element: BinaryFloatingPoint, Expected.Element: BinaryFloatingPoint {
        guard found.count == expected.count else {
            return take(.infinity) { "\(place()): \(found.count) numbers instead of \(expected.count)" }
        }
        let expected = expected.map { Double($0) }
        var scales: [Double] = []
        if case .rows(let width) = scale {
            guard width > 0, expected.count % width == 0 else {
                return take(.infinity) { "\(place()): \(expected.count) numbers in rows of \(width)" }
            }
            scales = stride(from: 0, to: expected.count, by: width).map { start in
                expected[start..<start + width].reduce(0) { $0 + $1 * $1 }.squareRoot()
            }
        }
        for (index, found) in found.enumerated() {
            let wanted = expected[index]
            let divisor =
                switch scale {
                case .one: 1.0
                case .value(let value): value
                case .each(let least): Swift.max(least, abs(wanted))
                case .rows(let width): scales[index / width]
                }
            count += 1
            take(Self.difference(Double(found), wanted, divisor)) {
                "\(place())[\(index)]: \(found) instead of \(wanted)"
            }
        }
    }

    private static func difference(_ found: Double, _ expected: Double, _ scale: Double) -> Double {
        guard found.isFinite, expected.isFinite, scale.isFinite, scale >= 0 else { return .nan }
        return found == expected ? 0 : abs(found - expected) / scale
    }

    private mutating func take(_ difference: Double, _ place: () -> String) {
        // A NaN stays: nothing is larger than it.
        let isWorse = worst.map { difference > $0.difference || difference.isNaN && !$0.difference.isNaN } ?? true
        if isWorse { worst = (difference, place()) }
    }

    public var description: String { "\(value) (\(count) numbers; \(worst?.place ?? "nothing was compared"))" }
}
