import Testing

@testable import Monitoring

private enum Color: String, MetricLabel {
    case red, green
    static let labelName = "color"
}

private enum Size: String, MetricLabel {
    case small, large
    static let labelName = "size"
}

@Suite struct PrometheusTextTests {
    @Test func everySeriesOfAFamilyIsThereFromTheStart() {
        let registry = MetricsRegistry(prefix: "test")
        _ = registry.counters("balls_total", "Balls.", by: Color.self)
        let pairs = registry.gauges("boxes", "Boxes.", by: LabelPair<Color, Size>.self)
        pairs[.green, .large].set(2.5)
        #expect(
            registry.text() == """
                # HELP test_balls_total Balls.
                # TYPE test_balls_total counter
                test_balls_total{color="red"} 0
                test_balls_total{color="green"} 0
                # HELP test_boxes Boxes.
                # TYPE test_boxes gauge
                test_boxes{color="red",size="small"} 0
                test_boxes{color="red",size="large"} 0
                test_boxes{color="green",size="small"} 0
                test_boxes{color="green",size="large"} 2.5

                """)
    }

    @Test func bucketsAddUpAndIncludeTheirBounds() {
        let registry = MetricsRegistry(prefix: "test")
        let histogram = registry.histogram("wait_seconds", "Waiting.", bounds: [0.001, 0.1, 10])
        for value in [0.0005, 0.001, 0.05, 10, 10.5, .nan] { histogram.observe(value) }
        #expect(
            registry.text() == """
                # HELP test_wait_seconds Waiting.
                # TYPE test_wait_seconds histogram
                test_wait_seconds_bucket{le="0.001"} 2
                test_wait_seconds_bucket{le="0.1"} 3
                test_wait_seconds_bucket{le="10"} 4
                test_wait_seconds_bucket{le="+Inf"} 5
                test_wait_seconds_sum 20.5515
                test_wait_seconds_count 5

                """)
    }

    @Test func helpAndLabelValuesAreEscaped() {
        let registry = MetricsRegistry(prefix: "test")
        registry.info(
            "build_info", "A \\ and\na \"quote\".", [("version", "1\\2\n3\"4"), ("letters", "äöü\r\n")])
        #expect(
            registry.text()
                == "# HELP test_build_info A \\\\ and\\na \"quote\".\n# TYPE test_build_info gauge\n"
                + "test_build_info{version=\"1\\\\2\\n3\\\"4\",letters=\"äöü\r\\n\"} 1\n")
    }

    @Test func numbersReadBackAsTheSameNumbers() {
        let exact: [(Double, String)] = [
            (0, "0"), (-3, "-3"), (9_007_199_254_740_991, "9007199254740991"), (0.1, "0.1"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"),
        ]
        for (value, text) in exact { #expect(PrometheusText.number(value) == text) }
        for value in [1e-7, 1.5e300, -2.25e-9, 0x1p53, 1e16, .leastNonzeroMagnitude] {
            #expect(Double(PrometheusText.number(value)) == value)
        }
    }

    @Test func aReadingIsTakenWheneverTheTextIsMade() {
        let registry = MetricsRegistry(prefix: "test")
        let source = Gauge()
        registry.gauge("depth_bytes", "Depth.") { source.value }
        #expect(registry.text().hasSuffix("\ntest_depth_bytes 0\n"))
        source.add(7)
        source.add(-2.5)
        #expect(registry.text().hasSuffix("\ntest_depth_bytes 4.5\n"))
    }

    @Test func aCounterNeverFalls() {
        let counter = Counter()
        counter.add(2)
        counter.add(0.5)
        counter.add(-1)
        counter.add(Double.nan)
        #expect(counter.value == 2.5)
    }

    @Test func noCountIsLostBetweenThreads() async {
        let counter = Counter()
        let histogram = Histogram(bounds: [1])
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<10_000 {
                        counter.add()
                        histogram.observe(0.5)
                    }
                }
            }
        }
        #expect(counter.value == 80_000)
        #expect(histogram.count == 80_000 && histogram.sum == 40_000)
    }

    @Test func namesAreThoseThatPrometheusAllows() {
        for name in ["a", "_a9", "actdiff_shards"] { #expect(PrometheusText.isName(name)) }
        for name in ["", "9a", "a-b", "a b", "a:b", "ä"] { #expect(!PrometheusText.isName(name)) }
    }
}
