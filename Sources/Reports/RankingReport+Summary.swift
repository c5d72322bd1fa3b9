import Inputs
import Latents

extension RankingReport {
    /// Latents of each end that the summary names.
    private static let named = 3

    /// A line for each result.
    var summary: String {
        let titles = [
            "tuned", "hook", "mask", "prompts", "tokens", "fired", "halves agree", order.by.topTitle,
            order.by.bottomTitle,
        ].map(Printable.line)
        let shown = titles.count - (order.bottom > 0 ? 0 : order.top > 0 ? 1 : 2)
        let rows = parts.map { part in
            let (entry, half) = (part.entry, part.entry.splitHalf)
            return [
                Printable.line(entry.tuned) + (entry.control ? " (control)" : ""), Printable.line(entry.hook),
                entry.mask.rawValue, "\(entry.prompts)", "\(entry.tokens)", "\(entry.fired)",
                half.tested > 0 ? "\(half.sameSign) of \(half.tested)" : "-", named(risen(part)),
                named(fallen(part)),
            ]
        }
        var lines = ["\(parts.count) results"]
        if let partial = bundle.partial { lines.append("\(partial)") }
        if let condition = order.condition {
            lines.append("only latents where \(Printable.line(condition.text))")
        }
        lines.append("\(TextTable(([titles] + rows).map { Array($0.prefix(shown)) }, left: [0, 1, 2, 7, 8]))")
        lines.append(
            """
            "halves agree": of the latents that one half of the prompts ranks first by \(bundle.rankBy.rawValue), those that moved the \
            same way in the other half
            a table of one result: --tuned, --hook and --mask; all tables: --tables
            """)
        return lines.joined(separator: "\n")
    }

    private func named(_ rows: [Ranking.Row]) -> String {
        rows.prefix(Self.named).map { row in
            "\(row.name.map(Printable.line) ?? "\(row.latent)") \(ValueFormat.text(row.value, of: order.by))"
        }.joined(separator: ", ")
    }
}
