import Foundation
import Inputs

/// A ranking as aligned text for a terminal.
public struct RankingTable: Sendable, CustomStringConvertible {
    public let description: String

    /// Lays out `rows`; columns that the result does not have are left out.
    public init(_ rows: [Ranking.Row], names: [String]) {
        let at = Dictionary(zip(names, names.indices)) { first, _ in first }
        let hasNames = rows.contains { $0.name != nil }
        var cells = [
            ["rank", "latent"] + (hasNames ? ["name"] : []) + Self.columns(names).map { Printable.line($0.title) }
        ]
        for (rank, row) in rows.enumerated() {
            let values = Self.columns(names).map { column in
                column.cell(column.sources.map { at[$0].map { row.values[$0] } ?? .nan })
            }
            cells.append(
                ["\(rank + 1)", "\(row.latent)"] + (hasNames ? [Printable.line(row.name ?? "")] : []) + values)
        }
        let widths = cells[0].indices.map { column in cells.map { $0[column].count }.max() ?? 0 }
        description = cells.map { line in
            zip(line, widths).map { String(repeating: " ", count: $1 - $0.count) + $0 }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private struct Column {
        let title: String
        let sources: [String]
        let cell: ([Double]) -> String
    }

    private static func columns(_ names: [String]) -> [Column] {
        let known = [
            Column(title: "delta", sources: ["delta"], cell: { signed($0[0]) }),
            Column(
                title: "mean base → tuned", sources: ["mean_base", "mean_tuned"],
                cell: { "\(fixed($0[0])) → \(fixed($0[1]))" }),
            Column(
                title: "density base → tuned", sources: ["density_base", "density_tuned"],
                cell: { "\(percent($0[0])) → \(percent($0[1]))" }),
            Column(title: "prompt_delta", sources: ["prompt_delta"], cell: { signed($0[0]) }),
            Column(title: "t", sources: ["t"], cell: { String(format: "%.2f", $0[0]) }),
            Column(title: "q", sources: ["q"], cell: { String(format: "%.1e", $0[0]) }),
        ]
        let controls = names.filter { $0.hasPrefix("delta_minus_") }.map { name in
            Column(title: name, sources: [name], cell: { signed($0[0]) })
        }
        return (known + controls).filter { $0.sources.allSatisfy(names.contains) }
    }

    private static func signed(_ value: Double) -> String { String(format: "%+.4f", value) }
    private static func fixed(_ value: Double) -> String { String(format: "%.4f", value) }
    private static func percent(_ value: Double) -> String { String(format: "%.2f%%", value * 100) }
}
