/// Times in seconds, and how they are distributed.
struct Latencies: Sendable {
    /// A summary of them, in seconds.
    struct Summary: Sendable, Codable {
        var count: Int
        var median: Double
        var p99: Double
        var longest: Double
    }

    private var seconds: [Float] = []

    mutating func add(_ value: Double) { seconds.append(Float(value)) }

    /// Quantiles are values that occurred: the smallest that at least that share does not exceed.
    var summary: Summary {
        let sorted = seconds.sorted()
        func quantile(_ share: Double) -> Double {
            guard !sorted.isEmpty else { return 0 }
            return Double(sorted[max(0, Int((share * Double(sorted.count)).rounded(.up)) - 1)])
        }
        return Summary(count: sorted.count, median: quantile(0.5), p99: quantile(0.99), longest: quantile(1))
    }
}
