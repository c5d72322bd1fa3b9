import Inputs
import Latents

/// A card for each latent: what every result at its hook says of it.
enum PageLatent {
    /// Results whose prompts a card shows, controls not counted.
    private static let mostStrips = 3

    /// The cards of a hook, in the order in which its latents are shown.
    static func fields(
        of hook: String, shown: ShownLatents, results: [PageResult], exemplars: PageExemplars
    ) throws -> Fields {
        let results = results.filter { $0.entry.hook == hook }
        let latents = shown.latents(at: hook)
        let known = Set(latents)
        let rule = try exemplars.rule(at: hook)
        return [
            "latentsHook": Markup(name: hook),
            "cosines": exemplars.cosines(at: hook, shown: shown).map { [$0.fields] } ?? [],
            "hasExemplars": rule != nil, "exemplarRule": Markup(text: rule ?? "", atMost: 2000),
            "cards": latents.map { latent in
                card(latent, number: shown.number(of: hook), results: results).merging([
                    "exemplars": exemplars.fields(of: latent, at: hook) { other in
                        known.contains(other) ? shown.anchor(other, at: hook) : nil
                    }
                ]) { $1 }
            },
        ]
    }

    private static func card(_ latent: Int, number: Int, results: [PageResult]) -> Fields {
        let rows = results.compactMap { result in result.rows[latent].map { (result, $0) } }
        let name = results.lazy.compactMap { $0.entry.names?[latent] }.first
        // The filters show a card when one of its results would be shown.
        let q = rows.compactMap { $0.1.values["q"] }.min()
        let marks = Set(rows.map(\.1.mark))
        let ways = [ScatterPlot.Mark.rose, .fell, .still].filter(marks.contains).map(\.rawValue).joined(separator: " ")
        return [
            "anchor": Markup(text: "latent-\(number)-\(latent)"), "latent": Markup(text: "\(latent)"),
            "hasLatentName": name != nil, "latentName": Markup(name: name ?? ""),
            "cardMarks": Markup(
                source: " data-latent=\"\(latent)\" data-way=\"\(ways)\"" + (q.map { " data-q=\"\($0)\"" } ?? "")),
            "table": [table(latent, rows).fields], "strips": strips(rows),
        ]
    }

    /// What single prompts did to the latent, in the first results.
    private static func strips(_ rows: [(PageResult, PageResult.Row)]) -> [Fields] {
        let known = rows.filter { !$0.0.entry.control && $0.1.prompts != nil }
        return known.prefix(mostStrips).compactMap { result, row in
            row.prompts.map { strip in
                [
                    "stripOf": Markup(name: result.label), "stripMask": Markup(text: result.entry.mask.rawValue),
                    "picture": strip.picture, "stripFinding": Markup(text: strip.finding), "stripEnds": strip.ends,
                ]
            }
        }
    }

    private static func table(_ latent: Int, _ rows: [(PageResult, PageResult.Row)]) -> PageTable {
        let span = ResultCells.span(of: rows.map(\.1))
        let names = Titles.union(rows.map(\.0.columnNames))
        let columns = ResultCells.columns(
            names: names, controls: [], by: rows.first?.0.by ?? RankColumn("delta"), hasPictures: false)
        return PageTable(
            caption: "Latent \(latent) in every result",
            columns: [
                .init(title: "tuned", kind: .text, isHeader: true), .init(title: "mask", kind: .text),
                .init(title: "rank", kind: .number),
            ] + columns.map(\.column),
            rows: rows.map { result, row in
                PageTable.Row(
                    cells: [
                        .text(result.label + (result.entry.control ? " (control)" : "")),
                        .text(result.entry.mask.rawValue),
                        .count(row.rank),
                    ] + columns.map { $0.cell(row, span) })
            }, isSortable: false)
    }
}
