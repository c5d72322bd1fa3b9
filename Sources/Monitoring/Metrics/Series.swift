import Synchronization

/// A count that only rises. Any thread may count.
public final class Counter: Sendable {
    private let atomic = Atomic<Double>(0)

    /// The count.
    public var value: Double { atomic.load(ordering: .relaxed) }

    /// Counts one more, or more than one; an amount that is not above zero changes nothing.
    public func add(_ amount: Int = 1) { add(Double(amount)) }

    /// Adds an amount, such as seconds; one that is not above zero changes nothing.
    public func add(_ amount: Double) {
        guard amount > 0 else { return }
        atomic.add(amount)
    }
}

/// A value that rises and falls. Any thread may change it.
public final class Gauge: Sendable {
    private let atomic = Atomic<Double>(0)

    /// The value.
    public var value: Double { atomic.load(ordering: .relaxed) }

    /// Changes it to a value.
    public func set(_ value: Double) { atomic.store(value, ordering: .relaxed) }

    /// Changes it to a number.
    public func set(_ value: Int) { set(Double(value)) }

    /// Changes it by an amount.
    public func add(_ amount: Double) { atomic.add(amount) }

    /// Changes it by a number.
    public func add(_ amount: Int) { add(Double(amount)) }
}

extension Atomic<Double> {
    fileprivate func add(_ amount: Double) {
        var (done, before) = (false, load(ordering: .relaxed))
        while !done {
            (done, before) = weakCompareExchange(expected: before, desired: before + amount, ordering: .relaxed)
        }
    }
}

/// What a family can be made of.
public protocol SeriesValue: Sendable {
    var value: Double { get }
}

extension Counter: SeriesValue {}
extension Gauge: SeriesValue {}

/// One counter or gauge for every value of the labels, all there from the start.
public final class Family<Labels: LabelSet, Member: SeriesValue>: Sendable {
    private let members: [Labels: Member]

    init(_ make: () -> Member) {
        members = Dictionary(uniqueKeysWithValues: Labels.allCases.map { ($0, make()) })
    }

    /// The one with these labels.
    public subscript(labels: Labels) -> Member {
        guard let member = members[labels] else { preconditionFailure("\(labels) is missing in allCases") }
        return member
    }

    var series: [SeriesText] {
        Labels.allCases.map { SeriesText(labels: $0.labels, value: self[$0].value) }
    }
}

extension Family {
    /// The one with this combination of labels.
    public subscript<First, Second>(first: First, second: Second) -> Member where Labels == LabelPair<First, Second> {
        self[LabelPair(first, second)]
    }
}
