import Inputs
import Latents

/// One tuned checkpoint at one hook under one mask: what a page says about it.
struct PageResult {
    /// What it says about one latent.
    struct Row {
        /// From 1, among those that the ranking is of; among all latents where the condition leaves this one out.
        let rank: Int
        /// By column.
        let values: [String: Double]
        let interval: ConfidenceInterval?
        /// By control `delta` and `prompt_delta`.
        let controls: [(delta: Double, promptDelta: Double)]

        /// What single prompts did to it; nil where the bundle has not kept it.
        let prompts: PromptStrip?

        var mark: ScatterPlot.Mark { PageResult.mark(values["prompt_delta"] ?? 0) }
    }

    /// A value is called unlikely by chance where its q is below this.
    static let significance = 0.05

    let bundle: PageBundle
    /// From 1, in the order of the page.
    let number: Int
    let entry: ResultBundle.Entry
    /// The names of its controls.
    let controls: [String]
    /// By latent, those that the page shows.
    let rows: [Int: Row]
    let plots: [Plot]
    /// Latents that rose and fell with a q below `significance`.
    let significant: (rose: Int, fell: Int)
    let columnNames: [String]
    /// The number of its hook on the page.
    private let hookNumber: Int
    private let report: RankingReport
    private let part: RankingReport.Part
    /// The ends of the ranking.
    private let ends: (top: [Int], bottom: [Int])

    init(
        _ part: RankingReport.Part, of report: RankingReport, in bundle: PageBundle, number: Int, shown: ShownLatents,
        records: PromptRecords?
    ) throws {
        (self.part, self.report, self.bundle, self.number, entry) = (part, report, bundle, number, part.entry)
        let entry = part.entry
        let columns = try report.bundle.columns(of: entry)
        columnNames = columns.names
        label = bundle.isAlone ? entry.tuned : "\(bundle.label)/\(entry.tuned)"
        hookNumber = shown.number(of: entry.hook)
        ends = (
            report.risen(part).prefix(shown.perEnd).map(\.latent),
            report.fallen(part).prefix(shown.perEnd).map(\.latent)
        )
        let others = report.bundle.entries.filter {
            $0.control && $0.tuned != entry.tuned && $0.hook == entry.hook && $0.mask == entry.mask && !entry.control
        }
        controls = others.map(\.tuned)
        let controlColumns = try others.map { other in
            let columns = try report.bundle.columns(of: other)
            return (delta: try columns.required("delta"), promptDelta: try columns.required("prompt_delta"))
        }
        let ranks = try Self.ranks(by: report.order.by, columns, part.meeting == nil ? nil : report.order.condition)
        let critical = ConfidenceInterval.critical(prompts: entry.prompts)
        let kept = try records?.differences(of: entry)
        var rows: [Int: Row] = [:]
        for latent in shown.latents(at: entry.hook) {
            let values = Dictionary(zip(columns.names, columns.row(latent))) { first, _ in first }
            rows[latent] = Row(
                rank: ranks[latent], values: values,
                interval: ConfidenceInterval(
                    promptDelta: values["prompt_delta"] ?? 0, t: values["t"] ?? 0, critical: critical),
                controls: controlColumns.map { ($0.delta[latent], $0.promptDelta[latent]) },
                prompts: kept?[latent].flatMap { d in
                    records.map { PromptStrip(Array(d), prompts: $0.prompts) }
                })
        }
        self.rows = rows
        let (q, change) = (try columns.required("q"), try columns.required("prompt_delta"))
        let isSure = q.indices.filter { q[$0] < Self.significance }
        significant = (isSure.count { change[$0] > 0 }, isSure.count { change[$0] < 0 })
        plots = try ResultPlots(
            columns, entry: entry, number: number, place: Self.place(entry, label), drawn: ends.top + ends.bottom,
            significant: significant
        ).plots
    }

    /// The rank of every latent: the place in the order among those for which the condition holds, then among the others.
    private static func ranks(by: RankColumn, _ columns: LatentColumns, _ condition: ColumnCondition?) throws -> [Int] {
        let values = try by.values(in: columns)
        let isMeant = try condition.map { Set(try $0.latents(in: columns)) }
        let sign = by.sense == .probability ? -1.0 : 1.0
        let order = values.indices.sorted { left, right in
            if let isMeant, isMeant.contains(left) != isMeant.contains(right) { return isMeant.contains(left) }
            return (sign * values[right], left) < (sign * values[left], right)
        }
        var ranks = [Int](repeating: 0, count: values.count)
        for (at, latent) in order.enumerated() { ranks[latent] = at + 1 }
        return ranks
    }

    static func mark(_ change: Double) -> ScatterPlot.Mark { change > 0 ? .rose : change < 0 ? .fell : .still }

    /// What the result is of, such as `villain at resid_post.15, mask content`.
    private static func place(_ entry: ResultBundle.Entry, _ label: String) -> String {
        "\(label)\(entry.control ? " (control)" : "") at \(entry.hook), mask \(entry.mask.rawValue)"
    }

    /// What the latents are ranked by.
    var by: RankColumn { report.order.by }

    /// The tuned checkpoint, with its bundle where there are several.
    let label: String

    private var table: PageTable {
        let by = report.order.by
        let total = part.meeting ?? entry.latents
        let columns = ResultCells.columns(names: columnNames, controls: controls, by: by, hasPictures: true)
        var rows: [PageTable.Row] = []
        let latents = ends.top + ends.bottom.reversed().filter { !ends.top.contains($0) }
        let most = latents.compactMap { self.rows[$0] }
        let span = ResultCells.span(of: most)
        for latent in latents {
            guard let row = self.rows[latent] else { continue }
            let last = rows.last?.latent.flatMap { self.rows[$0]?.rank } ?? 0
            var cells = [
                PageTable.Cell.count(row.rank),
                PageTable.Cell(
                    content: Markup(source: "<a href=\"#\(anchor(latent))\">\(latent)</a>"), value: Double(latent)),
            ]
            if let names = entry.names { cells.append(.text(names[latent])) }
            cells += columns.map { $0.cell(row, span) }
            rows.append(
                PageTable.Row(
                    cells: cells, latent: latent, q: row.values["q"], mark: row.mark,
                    gap: max(0, row.rank - last - 1)))
        }
        let words =
            by.sense == .change
            ? """
            the \(Count.text(ends.top.count, "latent")) that \(by.topTitle) and the \(Count.text(ends.bottom.count)) that \
            \(by.bottomTitle)
            """ : "the \(Count.text(ends.top.count, "latent")) with the \(by.topTitle)"
        let condition = report.order.condition.map { " for which \($0.text)" } ?? ""
        return PageTable(
            caption:
                "\(by.sense == .change ? "Both ends" : "The head") of the ranking: \(words), of \(Count.text(total))\(condition).",
            columns: [
                .init(title: "rank", kind: .number), .init(title: "latent", kind: .number, isHeader: true),
            ] + (entry.names == nil ? [] : [.init(title: "name", kind: .prose)]) + columns.map(\.column), rows: rows,
            isLong: true)
    }

    private func anchor(_ latent: Int) -> String { "latent-\(hookNumber)-\(latent)" }

    var fields: Fields {
        [
            "resultNumber": Markup(text: "\(number)"), "tuned": Markup(name: label),
            "isControl": entry.control, "hook": Markup(name: entry.hook), "mask": Markup(text: entry.mask.rawValue),
            "significant": Markup(text: "\(Count.text(significant.rose)) / \(Count.text(significant.fell))"),
            "prompts": Markup(text: Count.text(entry.prompts)), "tokens": Markup(text: Count.text(entry.tokens)),
            "fired": Markup(text: Count.text(entry.fired)), "halves": Markup(text: halves),
            "first": Markup(source: first),
            "resultFacts": Markup(text: facts, atMost: 2000),
            "splitHalf": Markup(
                text: "S" + String(entry.splitHalf.text(by: report.bundle.rankBy).dropFirst()), atMost: 2000),
            "plots": plots.map(\.fields),
            "table": table.rows.isEmpty ? [] : [table.fields], "isEmpty": table.rows.isEmpty,
        ]
    }

    private var halves: String {
        let half = entry.splitHalf
        return half.tested > 0 ? "\(Count.text(half.sameSign)) of \(Count.text(half.tested))" : "–"
    }

    /// The first three of the ranking.
    private var first: String {
        ends.top.prefix(3).compactMap { latent in
            guard let value = part.ranking.top.first(where: { $0.latent == latent })?.value else { return nil }
            return """
                <a href="#\(anchor(latent))">\(latent)</a> \(Markup(text: ValueFormat.text(value, of: by)).source)
                """
        }.joined(separator: ", ")
    }

    private var facts: String {
        """
        \(Count.text(entry.prompts, "prompt")), \(Count.text(entry.tokens, "token")); \(Count.text(entry.fired)) of \
        \(Count.text(entry.latents, "latent")) fired; with q < \(Self.significance), \(Count.text(significant.rose)) rose and \
        \(Count.text(significant.fell)) fell.
        """
    }
}
