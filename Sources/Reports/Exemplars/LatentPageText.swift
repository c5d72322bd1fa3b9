import Evaluation
import Exemplars
import Inputs

/// A latent's page as lines for a terminal.
struct LatentPageText: CustomStringConvertible {
    let description: String

    /// `most` limits the examples of each group.
    init(_ page: LatentPage, of hook: ExemplarBundle.Hook, models: [String], most: Int) {
        let title = ["latent \(page.latent)", page.name.map(Printable.line)].compactMap { $0 }.joined(separator: ", ")
        var lines = ["\(title) at \(Printable.line(hook.label))", "", Self.activity(page, hook, models)]
        if let lens = page.lens {
            lines += ["", "  writes (direct path)  \(Self.tokens(lens.highest))"]
            lines.append("  writes least          \(Self.tokens(lens.lowest))")
        }
        if let neighbours = page.neighbours {
            let near = neighbours.prefix(5).map { "\($0.latent) (\(ValueFormat.short($0.cosine)))" }
            lines.append("  nearest latents       \(near.joined(separator: ", "))")
        }
        for group in Self.ordered(page.groups, models) where !group.members.isEmpty {
            lines += ["", "  \(Self.title(group.name, models))"]
            lines.append(Self.table(group.members.prefix(most).map { page.examples[$0] }, models))
        }
        for interval in page.sample where !interval.members.isEmpty {
            let bounds = "\(ValueFormat.short(interval.from)) to \(ValueFormat.short(interval.to))"
            lines += ["", "  sample of \(bounds), \(ValueFormat.percent(interval.share)) of active tokens"]
            lines.append(Self.table(interval.members.prefix(1).map { page.examples[$0] }, models))
        }
        description = lines.joined(separator: "\n")
    }

    private static func activity(_ page: LatentPage, _ hook: ExemplarBundle.Hook, _ models: [String]) -> String {
        let rows = models.indices.map { model in
            [
                "  " + Printable.line(models[model]), ValueFormat.short(page.largest[model]),
                hook.rule.hasDensities
                    ? ValueFormat.percent(Double(page.active[model]) / Double(max(1, hook.tokens))) : "-",
            ]
        }
        return "\(TextTable([["  ", "largest", "active"]] + rows, left: [0]))"
    }

    private static func tokens(_ tokens: [LatentPage.LensToken]) -> String {
        tokens.prefix(6).map { "'\(ShownBytes.text($0.token))' \(ValueFormat.short($0.z))" }.joined(separator: "  ")
    }

    private static func table(_ examples: [LatentPage.Example], _ models: [String]) -> String {
        let rows = examples.map { example in
            example.activations.map { ValueFormat.short($0[example.peak]) }
                + [
                    example.times > 1 ? "×\(example.times)" : "", Printable.line(example.document),
                    "\(ExampleText(example))",
                ]
        }
        let titles = models.map(Printable.line) + ["", "text of", ""]
        let table = TextTable([titles] + rows, left: [models.count + 1, models.count + 2])
        return "\(table)".split(separator: "\n").map { "    \($0)" }.joined(separator: "\n")
    }

    /// Groups as the models stand, and for each: strongest, rose, fell, woke.
    static func ordered(_ groups: [LatentPage.Group], _ models: [String]) -> [LatentPage.Group] {
        let names = models.flatMap { model in [model] + ["lowest", "rose", "fell", "woke"].map { "\(model).\($0)" } }
        return names.compactMap { name in groups.first { $0.name == name } }
    }

    static func title(_ group: String, _ models: [String]) -> String {
        guard !models.contains(group), let dot = group.lastIndex(of: ".") else {
            return "strongest under \(Printable.line(group))"
        }
        let model = Printable.line(String(group[..<dot]))
        return switch group[group.index(after: dot)...] {
        case "lowest": "lowest under \(model)"
        case "rose": "rose most from base to \(model)"
        case "fell": "fell most from base to \(model)"
        default: "base is silent, \(model) fires"
        }
    }
}
