import Inputs
import Latents

/// What tables say of a latent in one result: the columns that every reader needs, those for controls, and others that are
/// asked for. Columns that the result does not have are left out.
struct LatentCells {
    let titles: [String]
    private let columns: [Column]
    private let places: [String: Int]

    private struct Column: Sendable {
        let title: String
        let sources: [String]
        let cell: @Sendable ([Double]) -> String
    }

    /// For results with columns of these names; `more` are names of columns to show besides.
    init(names: [String], more: [String] = []) {
        let known = Self.known + names.filter { $0.hasPrefix("delta_minus_") }.map(Self.column)
        let shown = Set(known.flatMap(\.sources))
        columns = (known + more.filter { !shown.contains($0) }.map(Self.column)).filter {
            $0.sources.allSatisfy(names.contains)
        }
        titles = columns.map { Printable.line($0.title) }
        places = Dictionary(zip(names, names.indices)) { first, _ in first }
    }

    /// The cells for one latent's values, which are in the order of the names.
    func cells(_ values: [Double]) -> [String] {
        columns.map { column in column.cell(column.sources.map { places[$0].map { values[$0] } ?? .nan }) }
    }

    private static func column(_ name: String) -> Column {
        Column(title: name, sources: [name]) { ValueFormat.text($0[0], of: RankColumn(name)) }
    }

    private static let known = [
        column("delta"),
        Column(title: "mean base → tuned", sources: ["mean_base", "mean_tuned"]) {
            "\(ValueFormat.fixed($0[0])) → \(ValueFormat.fixed($0[1]))"
        },
        Column(title: "density base → tuned", sources: ["density_base", "density_tuned"]) {
            "\(ValueFormat.percent($0[0])) → \(ValueFormat.percent($0[1]))"
        },
        column("prompt_delta"), column("t"), column("q"),
    ]
}
