import Inputs
import Latents
import Prompts

/// Prints the rankings of a result bundle.
struct ResultReport {
    /// How to print.
    enum Format: String, CaseIterable {
        case table, csv, json
    }

    let bundle: ResultBundle
    /// Those that are wanted.
    let entries: [ResultBundle.Entry]
    var rankBy: RankKey
    var top: Int
    var bottom: Int
    var format: Format

    /// Prints the rankings. Throws `InputError` for a bundle whose files were changed.
    func print() throws {
        let rankings = try entries.map {
            ($0, try Ranking(bundle.columns(of: $0), by: rankBy, top: top, bottom: bottom, latentNames: $0.names))
        }
        if let partial = bundle.partial { Terminal.complain("\(partial); the manifest names them") }
        switch format {
        case .csv: try csv(rankings)
        case .json: try Terminal.print(json: CanonicalJSON.text(.array(rankings.map(json))))
        case .table: for (entry, ranking) in rankings { try table(entry, ranking) }
        }
    }

    /// One table for all results. A column that only some results have (a control's) is empty for the others. A partial
    /// result says on every line how many shards and prompts it lacks.
    private func csv(_ rankings: [(ResultBundle.Entry, Ranking)]) throws {
        let header = rankings.map(\.1.csvHeader).max { $0.count < $1.count } ?? []
        let lacking = bundle.partial.map {
            [("shards_missing", $0.shardsMissing), ("prompts_missing", $0.promptsMissing)]
        }
        let (names, counts) = (lacking?.map(\.0) ?? [], lacking?.map { "\($0.1)" } ?? [])
        let titles = (["tuned", "hook", "mask"] + names + header).map(Printable.csvField)
        try Terminal.print(titles.joined(separator: ","), terminator: "\r\n")
        for (entry, ranking) in rankings {
            for row in ranking.fields {
                let fields = Dictionary(zip(ranking.csvHeader, row.map(Printable.csvField))) { first, _ in first }
                let line =
                    [entry.tuned, entry.hook, entry.mask.rawValue].map(Printable.csvField) + counts
                    + header.map { fields[$0] ?? "" }
                try Terminal.print(line.joined(separator: ","), terminator: "\r\n")
            }
        }
    }

    private func json(_ entry: ResultBundle.Entry, _ ranking: Ranking) -> Document.Value {
        var members = ranking.json
        members["tuned"] = .string(entry.tuned)
        members["hook"] = .string(entry.hook)
        members["mask"] = .string(entry.mask.rawValue)
        if let partial = bundle.partial { members["partial"] = .string("\(partial)") }
        return .object(members)
    }

    private func table(_ entry: ResultBundle.Entry, _ ranking: Ranking) throws {
        try Terminal.print(
            """
            \(Printable.line(entry.tuned))\(entry.control ? " (control)" : "") at \(Printable.line(entry.hook)), mask \(entry.mask.rawValue): \
            \(entry.prompts) prompts, \(entry.tokens) tokens, \(entry.fired) of \(entry.latents) latents fired
            """)
        if let partial = bundle.partial { try Terminal.print("\(partial)") }
        if top > 0 { try table("rose most by \(rankBy.rawValue)", ranking.top, ranking.names) }
        if bottom > 0 { try table("fell most by \(rankBy.rawValue)", ranking.bottom, ranking.names) }
    }

    private func table(_ title: String, _ rows: [Ranking.Row], _ names: [String]) throws {
        try Terminal.print("\n  \(title)\n\(RankingTable(rows, names: names))\n")
    }
}
