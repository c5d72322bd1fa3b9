import Inputs
import Latents

/// The latents of a page over tuned checkpoints, at one hook under one mask.
struct Trajectories {
    /// Latents that have a picture.
    private static let mostCourses = 20

    let plot: Plot
    private let comparison: Comparison
    private let table: PageTable

    init(_ comparison: Comparison, number: Int, shown: ShownLatents) {
        self.comparison = comparison
        let by = comparison.by
        // Largest first, as `compare` has them; of equals the one that stands first in a ranking.
        func size(_ row: Comparison.Row) -> Double {
            let there = row.values.compactMap { $0 }
            return by.sense == .probability ? -(there.min() ?? 1) : there.map(abs).max() ?? 0
        }
        let rows = comparison.rows.enumerated().sorted {
            let (left, right) = (size($0.element), size($1.element))
            return left == right ? $0.offset < $1.offset : left > right
        }.map(\.element)
        let drawn = rows.prefix(Self.mostCourses)
        let courses = drawn.map { row in
            TrajectoryPlot.Course(
                latent: row.latent, title: row.name.map { Self.short($0) } ?? "\(row.latent)",
                mark: Self.mark(row),
                points: zip(row.values, row.q).enumerated().map { at, pair in
                    pair.0.map {
                        .init(
                            value: $0, isSure: pair.1 < PageResult.significance,
                            isControl: comparison.checkpoints[at].entry.control)
                    }
                })
        }
        let picture = TrajectoryPlot(courses: courses)
        let place = "\(comparison.hook), mask \(comparison.mask.rawValue)"
        plot = Plot(
            name: "checkpoints-\(number)", title: "\(by.name) over tuned checkpoints: \(place)",
            finding: Self.finding(rows, comparison),
            key: """
                The \(Count.text(drawn.count, "latent")) of the table below that stand first, all on one scale, over the checkpoints in the \
                order of its columns, from 1. Filled: q < \(PageResult.significance). Squares: controls.
                """, width: TrajectoryPlot.width, height: picture.height, content: picture.content)
        table = Self.table(rows, comparison, shown: shown)
    }

    private static func finding(_ rows: [Comparison.Row], _ comparison: Comparison) -> String {
        let furthest = rows.prefix(3).compactMap { row in
            let values = row.values.enumerated().compactMap { at, value in value.map { (at: at, value: $0) } }
            let order: ((at: Int, value: Double), (at: Int, value: Double)) -> Bool =
                comparison.by.sense == .probability ? { $0.value < $1.value } : { abs($0.value) > abs($1.value) }
            return values.min(by: order).map { most in
                """
                latent \(row.latent) (\(ValueFormat.text(most.value, of: comparison.by)) in \(comparison.checkpoints[most.at].label))
                """
            }
        }
        return furthest.isEmpty ? "" : "First by \(comparison.by.name): \(furthest.joined(separator: ", "))."
    }

    private static func table(_ rows: [Comparison.Row], _ comparison: Comparison, shown: ShownLatents) -> PageTable {
        let hasNames = comparison.rows.contains { $0.name != nil }
        let checkpoints = comparison.checkpoints.enumerated().map { at, checkpoint in
            PageTable.Column(
                title: "\(at + 1) \(checkpoint.label)\(checkpoint.entry.control ? " (control)" : "")", kind: .number)
        }
        return PageTable(
            caption: """
                \(comparison.by.name) at \(comparison.hook), mask \(comparison.mask.rawValue), in \
                \(Count.text(checkpoints.count, "tuned checkpoint")): \(Count.text(rows.count)) of \
                \(Count.text(comparison.latents)) latents, the largest change in any of them first. * where q < \
                \(PageResult.significance).
                """,
            columns: [.init(title: "latent", kind: .number, isHeader: true)]
                + (hasNames ? [.init(title: "name", kind: .prose)] : []) + checkpoints,
            rows: rows.map { row in
                let anchor = shown.anchor(row.latent, at: comparison.hook)
                let link = PageTable.Cell(
                    content: Markup(source: "<a href=\"#\(anchor)\">\(row.latent)</a>"), value: Double(row.latent))
                let values = zip(row.values, row.q).map { value, q in
                    PageTable.Cell.number(value) {
                        ValueFormat.text($0, of: comparison.by) + (q < PageResult.significance ? "*" : "\u{2007}")
                    }
                }
                return PageTable.Row(
                    cells: [link] + (hasNames ? [PageTable.Cell.text(row.name ?? "")] : []) + values,
                    latent: row.latent, q: row.q.min(), mark: mark(row))
            }, isLong: true)
    }

    /// The way that it moved furthest.
    private static func mark(_ row: Comparison.Row) -> ScatterPlot.Mark {
        PageResult.mark(row.values.compactMap { $0 }.max { abs($0) < abs($1) } ?? 0)
    }

    private static func short(_ name: String) -> String { name.count > 28 ? name.prefix(27) + "…" : name }

    var fields: Fields {
        [
            "courses": plot.inPage, "finding": Markup(text: plot.finding, atMost: 2000), "key": Markup(text: plot.key),
            "mask": Markup(text: comparison.mask.rawValue), "hook": Markup(name: comparison.hook),
            "table": [table.fields],
        ]
    }
}
