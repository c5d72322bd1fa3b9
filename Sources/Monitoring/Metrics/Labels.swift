/// A label's name and value.
public struct Label: Sendable, Hashable {
    public var name: String
    public var value: String

    /// Name and value as given; the value is escaped when it is written.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The labels of a series. All combinations are known at compile time.
public protocol LabelSet: Hashable, Sendable, CaseIterable {
    /// Names and values, in the order in which they are written.
    var labels: [Label] { get }
}

/// A label whose values are the cases of an enum.
public protocol MetricLabel: LabelSet, RawRepresentable<String> {
    /// The label's name.
    static var labelName: String { get }
}

extension MetricLabel {
    public var labels: [Label] { [Label(name: Self.labelName, value: rawValue)] }
}

/// Two labels with all combinations of their values.
public struct LabelPair<First: MetricLabel, Second: MetricLabel>: LabelSet {
    public var first: First
    public var second: Second

    /// One combination.
    public init(_ first: First, _ second: Second) {
        self.first = first
        self.second = second
    }

    public static var allCases: [LabelPair] {
        First.allCases.flatMap { first in Second.allCases.map { LabelPair(first, $0) } }
    }

    public var labels: [Label] { first.labels + second.labels }
}
