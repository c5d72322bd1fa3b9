import Inputs
import Latents
import Prompts

/// Comparisons of bundles: one for each hook and mask that is wanted.
public struct ComparisonReport: Sendable {
    /// A value is marked where its q is below this.
    private static let significance = 0.05

    let comparisons: [Comparison]
    /// What is to be said besides: which bundles are partial, and in what bundles differ.
    public let remarks: [String]

    /// Compares the results of bundles that are wanted; see `Comparison`. Throws `InputError` where there is nothing to
    /// compare.
    public init(
        _ bundles: [ResultBundle], _ selection: ResultSelection, by: RankColumn, top: Int, latents: [Int]
    ) throws {
        let places = Self.places(bundles, selection)
        if places.isEmpty {
            let all = bundles.flatMap(\.entries)
            try selection.check(tuned: all.map(\.tuned), hooks: all.map(\.hook), masks: all.map(\.mask))
            throw InputError(
                "--hook and --mask", expected: "a hook and a mask that one result has together", found: "neither does",
                kind: .usage)
        }
        comparisons = try places.map {
            try Comparison(bundles, hook: $0.hook, mask: $0.mask, by: by, top: top, chosen: latents)
        }
        var remarks = bundles.compactMap { bundle in bundle.partial.map { "\(bundle.folder): \($0)" } }
        if let remark = try Comparison.remark(onDifferencesOf: bundles) { remarks.append(remark) }
        self.remarks = remarks
    }

    /// The hooks and masks that are wanted and that bundles have results of, in the order of the bundles.
    static func places(_ bundles: [ResultBundle], _ selection: ResultSelection) -> [(hook: String, mask: TokenMask)] {
        var places: [(hook: String, mask: TokenMask)] = []
        for entry in bundles.flatMap(\.entries)
        where (selection.hook ?? entry.hook) == entry.hook && (selection.mask ?? entry.mask) == entry.mask
            && !places.contains(where: { $0 == (entry.hook, entry.mask) })
        {
            places.append((entry.hook, entry.mask))
        }
        return places
    }

    /// In the form that is asked for.
    public func printout(_ form: Printout.Form) -> Printout {
        switch form {
        case .table: .text(comparisons.map(text).joined(separator: "\n\n"))
        case .csv: csv
        case .json: .json(.array(comparisons.map(json)))
        }
    }

    private func text(_ comparison: Comparison) -> String {
        let by = comparison.by
        let hasNames = comparison.rows.contains { $0.name != nil }
        let labels = comparison.checkpoints.map { Printable.line($0.label) + ($0.entry.control ? " (control)" : "") }
        let rows = comparison.rows.map { row in
            let values = zip(row.values, row.q).map { value, q in
                value.map { ValueFormat.text($0, of: by) + (q < Self.significance ? "*" : " ") } ?? "- "
            }
            return ["\(row.latent)"] + (hasNames ? [Printable.line(row.name ?? "")] : []) + values
                + ["\(Sparkline(row.values))"]
        }
        let titles = ["latent"] + (hasNames ? ["name"] : []) + labels.map { $0 + " " } + ["trend"]
        return """
            \(Printable.line(by.name)) at \(Printable.line(comparison.hook)), mask \(comparison.mask.rawValue), in \
            \(labels.count) tuned checkpoints; * where q < \(Self.significance)
            \(comparison.isChosen ? "the latents asked for" : choice(comparison))
            \(TextTable([titles] + rows))
            """
    }

    private func choice(_ comparison: Comparison) -> String {
        let what =
            switch comparison.by.sense {
            case .change: "that moved most, up or down, in any of them"
            case .size: "with the largest values in any of them"
            case .probability: "with the smallest values in any of them"
            }
        return "the \(comparison.rows.count) of \(comparison.latents) latents \(what)"
    }

    private var csv: Printout {
        var rows = [["hook", "mask", "latent", "name", "checkpoint", "column", "value", "q"]]
        for comparison in comparisons {
            for row in comparison.rows {
                for (at, checkpoint) in comparison.checkpoints.enumerated() {
                    rows.append([
                        comparison.hook, comparison.mask.rawValue, "\(row.latent)", row.name ?? "", checkpoint.label,
                        comparison.by.name, row.values[at].map { "\($0)" } ?? "", "\(row.q[at])",
                    ])
                }
            }
        }
        return .csv(rows)
    }

    private func json(_ comparison: Comparison) -> Document.Value {
        .object([
            "hook": .string(comparison.hook), "mask": .string(comparison.mask.rawValue),
            "column": .string(comparison.by.name),
            "checkpoints": .array(comparison.checkpoints.map { .string($0.label) }),
            "latents": .array(
                comparison.rows.map { row in
                    var members: [String: Document.Value] = [
                        "latent": .integer(row.latent),
                        "values": .array(row.values.map { $0.map { .number($0) } ?? .null }),
                        "q": .array(row.q.map { .number($0) }),
                    ]
                    if let name = row.name { members["name"] = .string(name) }
                    return .object(members)
                }),
        ])
    }
}
