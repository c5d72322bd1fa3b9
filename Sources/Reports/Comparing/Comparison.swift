import Foundation
import Inputs
import Latents
import Prompts

/// One column of the same latents in several tuned checkpoints, of one bundle or of several, in their order: a training run
/// as a table of latent × checkpoint.
public struct Comparison: Sendable {
    /// A tuned checkpoint.
    struct Checkpoint: Sendable {
        let label: String
        let entry: ResultBundle.Entry
    }

    /// A latent.
    struct Row: Sendable {
        let latent: Int
        let name: String?
        /// By checkpoint; nil where it lacks the column.
        let values: [Double?]
        /// By checkpoint, Benjamini–Hochberg's q.
        let q: [Double]
    }

    public let hook: String
    public let mask: TokenMask
    let by: RankColumn
    let checkpoints: [Checkpoint]
    let rows: [Row]
    /// Latents of the dictionary.
    let latents: Int
    /// Whether the rows were named, and not chosen by their values.
    let isChosen: Bool

    /// Compares the results of bundles at one hook under one mask. The `top` rows are the latents whose largest value, up or
    /// down, is largest; those with the smallest where `by` is a probability. With `chosen` the rows are these latents. Throws
    /// `InputError` where the dictionaries are not the same, and where no result has the column. With `tuned` only checkpoints
    /// of that name are compared.
    init(
        _ bundles: [ResultBundle], hook: String, mask: TokenMask, tuned: String? = nil, by: RankColumn, top: Int,
        chosen: [Int]
    ) throws {
        (self.hook, self.mask, self.by, isChosen) = (hook, mask, by, !chosen.isEmpty)
        let found = bundles.map { bundle in
            (bundle, bundle.entries.filter { $0.hook == hook && $0.mask == mask && (tuned ?? $0.tuned) == $0.tuned })
        }
        guard let first = found.first(where: { !$0.1.isEmpty })?.1[0] else {
            throw InputError(
                "compare", expected: "results at \(hook), mask \(mask.rawValue)", found: "none", kind: .usage)
        }
        latents = first.latents
        for (bundle, entries) in found {
            for entry in entries where entry.dictionary != first.dictionary || entry.latents != first.latents {
                throw InputError(
                    bundle.folder, expected: "the dictionary of the others at \(hook), SHA-256 \(first.dictionary)",
                    found: "SHA-256 \(entry.dictionary)",
                    hint: "a number means another latent in another dictionary: compare bundles of one SAE",
                    kind: .usage)
            }
        }
        checkpoints = Self.labelled(found)
        let columns = try found.flatMap { bundle, entries in try entries.map { try bundle.columns(of: $0) } }
        let values = columns.map { try? by.values(in: $0) }
        guard values.contains(where: { $0 != nil }) else {
            let known = columns.reduce(into: [String]()) { all, one in
                all += RankColumn.names(with: one.names).filter { !all.contains($0) }
            }
            throw InputError(
                "--rank-by", expected: "a column among \(known.joined(separator: ", "))", found: by.name,
                hint: Suggestion.hint(for: by.name, among: known), kind: .usage)
        }
        for latent in chosen where !(0..<latents).contains(latent) {
            throw InputError("--latent", expected: "0 to \(latents - 1)", found: "\(latent)", kind: .usage)
        }
        let q = try columns.map { try $0.required("q") }
        let names = first.names
        rows = (chosen.isEmpty ? Self.extremes(values, by, count: top, latents: first.latents) : chosen).map { latent in
            Row(
                latent: latent, name: names?[latent], values: values.map { $0?[latent] }, q: q.map { $0[latent] })
        }
    }

    /// Tuned checkpoints with names that tell them apart: where two have the same, with the bundle's.
    private static func labelled(_ found: [(ResultBundle, [ResultBundle.Entry])]) -> [Checkpoint] {
        let names = found.flatMap(\.1).map(\.tuned)
        let isUnique = Set(names).count == names.count
        return found.flatMap { bundle, entries in
            entries.map { entry in
                let folder = URL(fileURLWithPath: bundle.folder).lastPathComponent
                return Checkpoint(label: isUnique ? entry.tuned : "\(folder)/\(entry.tuned)", entry: entry)
            }
        }
    }

    private static func extremes(_ values: [[Double]?], _ by: RankColumn, count: Int, latents: Int) -> [Int] {
        let there = values.compactMap { $0 }
        let size = (0..<latents).map { latent in
            by.sense == .probability
                ? -(there.map { $0[latent] }.min() ?? 1) : there.map { abs($0[latent]) }.max() ?? 0
        }
        return Array(size.indices.sorted { (size[$1], $0) < (size[$0], $1) }.prefix(count))
    }

    /// What is to be said where bundles differ in more than their tuned checkpoints.
    static func remark(onDifferencesOf bundles: [ResultBundle]) throws -> String? {
        let differences = try differences(bundles)
        guard !differences.isEmpty else { return nil }
        return "the bundles have different \(differences.joined(separator: ", ")): mind what a difference may come from"
    }

    private static func differences(_ bundles: [ResultBundle]) throws -> [String] {
        try [("base", "base models"), ("prompts", "prompts"), ("tokenizer", "tokenizers")].compactMap { key, words in
            let digests = try bundles.map { try $0.manifest.required("inputs").required(key).string() }
            return Set(digests).count > 1 ? words : nil
        }
    }
}
