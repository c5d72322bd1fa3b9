/// A metric as the text format sees it.
struct Metric: Sendable {
    let name: String
    let help: String
    /// `counter`, `gauge` or `histogram`.
    let type: String
    let series: @Sendable () -> [SeriesText]
}

/// One line of a metric.
struct SeriesText {
    /// What comes after the metric's name: `_bucket`, `_sum`, `_count` or nothing.
    var suffix = ""
    var labels: [Label]
    var value: Double
}

/// Prometheus' text format, version 0.0.4.
struct PrometheusText {
    private(set) var text = ""

    mutating func append(_ metric: Metric) {
        text += "# HELP \(metric.name) \(Self.escaped(metric.help))\n"
        text += "# TYPE \(metric.name) \(metric.type)\n"
        for series in metric.series() {
            text += metric.name + series.suffix
            if !series.labels.isEmpty {
                let labels = series.labels.map { "\($0.name)=\"\(Self.escaped($0.value, quotes: true))\"" }
                text += "{" + labels.joined(separator: ",") + "}"
            }
            text += " \(Self.number(series.value))\n"
        }
    }

    /// Backslash and line feed, and in label values the quotation mark.
    static func escaped(_ text: String, quotes: Bool = false) -> String {
        var escaped = ""
        for character in text.unicodeScalars {
            switch character {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    /// Shortest digits that read back as the same number, as Go's ParseFloat understands them.
    static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if value == value.rounded(), abs(value) < 0x1p53 { return "\(Int64(value))" }
        return "\(value)"
    }

    /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; colons are for recording rules, so they are refused here.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return name.unicodeScalars.allSatisfy { $0 == "_" || ($0.isASCII && $0.properties.isAlphabetic) || isDigit($0) }
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
}
