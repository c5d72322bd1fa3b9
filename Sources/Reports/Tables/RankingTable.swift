import Inputs
import Latents

/// Rows of a ranking as aligned text.
struct RankingTable: CustomStringConvertible {
    let description: String

    /// Lays out `rows` of a ranking.
    init(_ rows: [Ranking.Row], of ranking: Ranking) {
        let cells = LatentCells(names: ranking.names, more: [ranking.by.name])
        let lines = rows.enumerated().map { rank, row in
            ["\(rank + 1)", "\(row.latent)"] + (ranking.hasNames ? [Printable.line(row.name ?? "")] : [])
                + cells.cells(row.values)
        }
        description = "\(TextTable([["rank", "latent"] + (ranking.hasNames ? ["name"] : []) + cells.titles] + lines))"
    }
}
