import Foundation
import Latents

/// How numbers of a column are shown to people.
enum ValueFormat {
    static func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
    static func fixed(_ value: Double) -> String { String(format: "%.4f", value) }
    /// Three digits, such as `12.1` or `0.042`.
    static func short(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.3g", value) }
    static func percent(_ value: Double) -> String { String(format: "%.2f%%", value * 100) }
    static func probability(_ value: Double) -> String { String(format: "%.1e", value) }

    /// A value of a column by the column's name.
    static func text(_ value: Double, of column: RankColumn) -> String {
        if column.name == "t" || column.name.hasPrefix("t_") { return String(format: "%.2f", value) }
        if column.name.hasPrefix("density_") { return percent(value) }
        return switch column.sense {
        case .change: signed(value)
        case .size: fixed(value)
        case .probability: probability(value)
        }
    }
}
