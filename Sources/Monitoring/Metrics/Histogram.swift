import Synchronization

/// How often values fell into which range. Any thread may observe.
public final class Histogram: Sendable {
    private struct State {
        /// By bucket, not added up; the last one has no upper bound.
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    init(bounds: [Double]) {
        precondition(
            !bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<) && bounds.allSatisfy(\.isFinite),
            "bounds of buckets rise and are finite: \(bounds)")
        self.bounds = bounds
        state = Mutex(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Counts a value; a bucket includes its bound. What is not a number is not counted.
    public func observe(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// Counts a time, in seconds.
    public func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) * 1e-18)
    }

    /// Number of values so far.
    public var count: Int { state.withLock { $0.counts.reduce(0, +) } }

    /// Sum of the values so far.
    public var sum: Double { state.withLock { $0.sum } }

    var series: [SeriesText] {
        let state = state.withLock { $0 }
        var total = 0
        var series: [SeriesText] = []
        for (bound, count) in zip(bounds + [.infinity], state.counts) {
            total += count
            let label = Label(name: "le", value: PrometheusText.number(bound))
            series.append(SeriesText(suffix: "_bucket", labels: [label], value: Double(total)))
        }
        series.append(SeriesText(suffix: "_sum", labels: [], value: state.sum))
        series.append(SeriesText(suffix: "_count", labels: [], value: Double(total)))
        return series
    }
}
