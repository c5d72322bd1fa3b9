import Synchronization

/// All metrics of a process, and their text for Prometheus.
///
/// This is our own because no Prometheus client is among the Swift packages that we build on. It is small: metrics of
/// three types, labels whose values are enums (so that every series exists from the start and none is added at run
/// time), and the text format, version 0.0.4: <https://prometheus.io/docs/instrumenting/exposition_formats>.
///
/// Names follow <https://prometheus.io/docs/practices/naming>. A name that is not one, or is taken, ends the program
/// when the metric is made: names are written in the source and come from nowhere else.
public final class MetricsRegistry: Sendable {
    /// The content type of `text()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private let prefix: String
    private let metrics = Mutex<[Metric]>([])

    /// An empty registry. The prefix is put before every name, with an underscore.
    public init(prefix: String) {
        self.prefix = prefix
    }

    /// A count that only rises; its name ends in `_total`.
    public func counter(_ name: String, _ help: String) -> Counter {
        precondition(name.hasSuffix("_total"), "the name of a counter ends in _total: \(name)")
        let counter = Counter()
        add(name, help, "counter") { [SeriesText(labels: [], value: counter.value)] }
        return counter
    }

    /// A counter for every value of the labels.
    public func counters<Labels: LabelSet>(_ name: String, _ help: String, by: Labels.Type) -> Family<Labels, Counter> {
        precondition(name.hasSuffix("_total"), "the name of a counter ends in _total: \(name)")
        let family = Family<Labels, Counter> { Counter() }
        add(name, help, "counter") { family.series }
        return family
    }

    /// A value that rises and falls.
    public func gauge(_ name: String, _ help: String) -> Gauge {
        let gauge = Gauge()
        add(name, help, "gauge") { [SeriesText(labels: [], value: gauge.value)] }
        return gauge
    }

    /// A gauge for every value of the labels.
    public func gauges<Labels: LabelSet>(_ name: String, _ help: String, by: Labels.Type) -> Family<Labels, Gauge> {
        let family = Family<Labels, Gauge> { Gauge() }
        add(name, help, "gauge") { family.series }
        return family
    }

    /// A value that is looked up whenever somebody asks; NaN where it is not to be had.
    public func gauge(_ name: String, _ help: String, reading: @escaping @Sendable () -> Double) {
        add(name, help, "gauge") { [SeriesText(labels: [], value: reading())] }
    }

    /// The value 1 with facts as labels; its name ends in `_info`.
    public func info(_ name: String, _ help: String, _ facts: [(name: String, value: String)]) {
        precondition(name.hasSuffix("_info"), "the name of facts ends in _info: \(name)")
        let labels = facts.map { Label(name: $0.name, value: $0.value) }
        add(name, help, "gauge") { [SeriesText(labels: labels, value: 1)] }
    }

    /// A distribution in buckets with these upper bounds, which rise; a last one without bound is added.
    public func histogram(_ name: String, _ help: String, bounds: [Double]) -> Histogram {
        let histogram = Histogram(bounds: bounds)
        add(name, help, "histogram") { histogram.series }
        return histogram
    }

    /// All metrics in the order in which they were made, in Prometheus' text format.
    public func text() -> String {
        var text = PrometheusText()
        for metric in metrics.withLock({ $0 }) { text.append(metric) }
        return text.text
    }

    private func add(
        _ name: String, _ help: String, _ type: String, series: @escaping @Sendable () -> [SeriesText]
    ) {
        let name = "\(prefix)_\(name)"
        precondition(PrometheusText.isName(name), "not a name for a metric: \(name)")
        let metric = Metric(name: name, help: help, type: type, series: series)
        metrics.withLock { metrics in
            precondition(!metrics.contains { $0.name == name }, "two metrics of one name: \(name)")
            metrics.append(metric)
        }
    }
}
