import Inputs
import Latents

/// The columns of a page's tables that say what a result has of a latent, and how each is written.
enum ResultCells {
    struct Shown {
        let column: PageTable.Column
        let cell: @Sendable (PageResult.Row, ForestCell.Span) -> PageTable.Cell
    }

    /// For results with columns of these names, and these controls. The column that ranks is there, whichever it is.
    static func columns(names: [String], controls: [String], by: RankColumn, hasPictures: Bool) -> [Shown] {
        let pictures = hasPictures ? [forest] : []
        func values(_ names: [String]) -> [Shown] { names.map { value($0) } }
        let ranked = names.contains(by.name) && ["delta", "prompt_delta", "t", "q"].contains(by.name) ? [] : [by.name]
        let beside = controls.enumerated().map { at, name in
            Shown(column: .init(title: "delta of \(name)", kind: .number, meaning: "the control's delta")) { row, _ in
                .number(row.controls.indices.contains(at) ? row.controls[at].delta : nil, ValueFormat.signed)
            }
        }
        let means = pair("mean", ValueFormat.fixed, "mean activation")
        let densities =
            names.contains("density_tuned")
            ? [pair("density", ValueFormat.percent, "share of tokens with an activation above zero")] : []
        return values(ranked + ["delta"]) + beside + values(["prompt_delta"]) + [interval] + pictures
            + values(["t", "q"]) + [means] + densities
    }

    /// Two columns of a bundle in one; it is sorted by that of the tuned checkpoint.
    private static func pair(
        _ name: String, _ text: @escaping @Sendable (Double) -> String, _ meaning: String
    ) -> Shown {
        Shown(column: .init(title: "\(name) base → tuned", kind: .number, meaning: meaning)) { row, _ in
            let (base, tuned) = (row.values["\(name)_base"] ?? .nan, row.values["\(name)_tuned"] ?? .nan)
            return .number(tuned) { "\(text(base)) → \(text($0))" }
        }
    }

    /// What the small pictures of these rows must have room for.
    static func span(of rows: [PageResult.Row]) -> ForestCell.Span {
        ForestCell.Span(
            rows.flatMap { row in
                [row.values["prompt_delta"] ?? 0, row.interval?.low ?? 0, row.interval?.high ?? 0]
                    + row.controls.map(\.promptDelta)
            })
    }

    private static func value(_ name: String) -> Shown {
        let column = RankColumn(name)
        return Shown(column: .init(title: name, kind: .number, meaning: meanings[name] ?? "")) { row, _ in
            let density = row.values["density_tuned"].flatMap { tuned in row.values["density_base"].map { tuned - $0 } }
            return .number(row.values[name] ?? (name == "density" ? density : nil)) { ValueFormat.text($0, of: column) }
        }
    }

    private static let interval = Shown(
        column: .init(
            title: "95 % interval", kind: .number, meaning: "of prompt_delta, by Student's t over the prompts")
    ) { row, _ in
        guard let interval = row.interval else {
            let reason = row.values["prompt_delta"] == 0 ? "none: no change" : "none: t is 0"
            return PageTable.Cell(content: Markup(text: reason))
        }
        return PageTable.Cell(
            content: Markup(text: "\(ValueFormat.signed(interval.low)) to \(ValueFormat.signed(interval.high))"),
            value: interval.low)
    }

    private static let forest = Shown(
        column: .init(
            title: "interval and control", kind: .picture,
            meaning: "prompt_delta with its interval; a hollow square is the control's prompt_delta")
    ) { row, span in PageTable.Cell(content: ForestCell.picture(row, span)) }

    private static let meanings = [
        "delta": "by how much the mean activation over all tokens rose",
        "prompt_delta": "mean over prompts of the rise a prompt", "t": "one-sample t of the rises of the prompts",
        "q": "Benjamini–Hochberg's q over the latents that fired",
    ]
}

/// A mean with its interval, and controls beside it, as a picture in a table's cell. The numbers stand in other cells.
enum ForestCell {
    /// The values that the pictures of one table have room for, zero among them.
    struct Span {
        let low: Double
        let high: Double

        init(_ values: [Double]) {
            let finite = values.filter(\.isFinite)
            let (low, high) = (min(0, finite.min() ?? 0), max(0, finite.max() ?? 0))
            (self.low, self.high) = low == high ? (-1, 1) : (low, high)
        }
    }

    private static let (width, height) = (132.0, 14.0)

    static func picture(_ row: PageResult.Row, _ span: Span) -> Markup {
        func place(_ value: Double) -> Double {
            4 + (width - 8) * min(1, max(0, (value / 2 - span.low / 2) / (span.high / 2 - span.low / 2)))
        }
        let mean = row.values["prompt_delta"] ?? 0
        let controls = row.controls.map(\.promptDelta).filter(\.isFinite).map {
            "M\(Drawing.size(place($0) - 2.5)) 4.5h5v5h-5z"
        }
        let reach = row.interval.map { "M\(Drawing.size(place($0.low))) 7H\(Drawing.size(place($0.high)))" } ?? ""
        let mark = mean.isFinite ? "M\(Drawing.size(place(mean) - 1)) 3h2v8h-2z" : ""
        let beside = "M\(Drawing.size(place(0))) 0v\(Drawing.size(height))\(controls.joined())"
        return Markup(
            source: """
                <svg class="forest" aria-hidden="true" viewBox="0 0 \(Drawing.size(width)) \(Drawing.size(height))">\
                <path d="\(beside)"/><path class="\(row.mark.rawValue)" d="\(reach)\(mark)"/></svg>
                """)
    }
}
