import Inputs
import Latents

/// Everything that a bundle says about some latents: every column under every hook, mask and tuned checkpoint, and the prompts
/// that moved them most, where the bundle has kept these.
public struct LatentCard {
    /// Prompts that are shown at each end.
    private static let shown = 10
    /// Of a prompt's name, in a text.
    private static let longestName = 60

    /// A prompt, and how much it moved the latent.
    private struct Mover {
        let prompt: PromptRecords.Prompt
        let d: Double
    }

    private struct Line {
        let entry: ResultBundle.Entry
        let latent: Int
        let names: [String]
        let values: [Double]
        /// The latent's place among all by what the job ranks by, from 1.
        let rank: Int
        /// Those on which it rose most, and those on which it fell most; nil where they were not kept.
        let movers: (rose: [Mover], fell: [Mover])?
    }

    private let bundle: ResultBundle
    private let latents: [Int]
    private let lines: [Line]

    /// Looks the latents up in the results that are wanted. Throws `InputError` for a latent that none of them has.
    public init(_ bundle: ResultBundle, _ selection: ResultSelection, latents: [Int]) throws {
        (self.bundle, self.latents) = (bundle, latents)
        var lines: [Line] = []
        let entries = try selection.entries(of: bundle)
        let most = entries.map(\.latents).max() ?? 0
        for latent in latents where !(0..<most).contains(latent) {
            throw InputError("--latent", expected: "0 to \(most - 1)", found: "\(latent)", kind: .usage)
        }
        let records = try PromptRecords(of: bundle)
        for entry in entries {
            let kept = try records?.differences(of: entry)
            let columns = try bundle.columns(of: entry)
            let values = try bundle.rankBy.column.values(in: columns)
            for latent in latents where latent < entry.latents {
                // Of equals the lower latent comes first.
                let before = values.indices.count { (values[latent], $0) < (values[$0], latent) }
                lines.append(
                    Line(
                        entry: entry, latent: latent, names: columns.names, values: columns.row(latent),
                        rank: before + 1,
                        movers: kept?[latent].flatMap { d in records.map { Self.movers($0.prompts, Array(d)) } }))
            }
        }
        self.lines = lines
    }

    /// The prompts at both ends, of equals the earlier one first; those that did not move it are at neither.
    private static func movers(_ prompts: [PromptRecords.Prompt], _ d: [Double]) -> (rose: [Mover], fell: [Mover]) {
        func first(_ sign: Double) -> [Mover] {
            d.indices.filter { d[$0] * sign > 0 }.sorted { (d[$1] * sign, $0) < (d[$0] * sign, $1) }.prefix(shown)
                .map { Mover(prompt: prompts[$0], d: d[$0]) }
        }
        return (first(1), first(-1))
    }

    /// In the form that is asked for.
    public func printout(_ form: Printout.Form) -> Printout {
        switch form {
        case .table: .text(latents.map(text).joined(separator: "\n\n"))
        case .csv: csv
        case .json: .json(.array(lines.map(json)))
        }
    }

    private func text(_ latent: Int) -> String {
        let lines = lines.filter { $0.latent == latent }
        let all = Titles.union(lines.map(\.names))
        let cells = LatentCells(names: all)
        let rows = lines.map { line in
            let values = Dictionary(zip(line.names, line.values)) { first, _ in first }
            return [
                Printable.line(line.entry.tuned) + (line.entry.control ? " (control)" : ""),
                Printable.line(line.entry.hook), line.entry.mask.rawValue, "\(line.rank) of \(line.entry.latents)",
            ] + cells.cells(all.map { values[$0] ?? .nan }).map { $0.contains("nan") ? "-" : $0 }
        }
        let names = Set(lines.compactMap { $0.entry.names?[latent] }).sorted().map(Printable.line)
        let title = (["latent \(latent)"] + names).joined(separator: ", ")
        let table = TextTable(
            [["tuned", "hook", "mask", "rank by \(bundle.rankBy.rawValue)"] + cells.titles] + rows, left: [0, 1, 2])
        return (["\(title)\n\(table)"] + lines.compactMap(movers)).joined(separator: "\n\n")
    }

    /// The prompts that moved a latent, in a table of both ends; nil where they are not known.
    private func movers(_ line: Line) -> String? {
        guard let movers = line.movers else { return nil }
        func cells(_ list: [Mover], _ row: Int) -> [String] {
            guard row < list.count else { return ["", ""] }
            let prompt = list[row].prompt
            let name = Printable.line((prompt.group.map { "\($0)/" } ?? "") + prompt.id)
            let isLong = name.count > Self.longestName
            return [
                isLong ? name.prefix(Self.longestName - 1) + "…" : name, ValueFormat.signed(list[row].d),
            ]
        }
        let rows = (0..<max(movers.rose.count, movers.fell.count)).map { row in
            cells(movers.rose, row) + cells(movers.fell, row)
        }
        let title =
            "by prompt, \(Printable.line(line.entry.tuned)) at \(Printable.line(line.entry.hook)), mask \(line.entry.mask.rawValue)"
        guard !rows.isEmpty else { return "\(title): no prompt moved it" }
        return "\(title)\n\(TextTable([["rose most on", "d", "fell most on", "d"]] + rows, left: [0, 2]))"
    }

    private var csv: Printout {
        let header = Titles.union(lines.map(\.names))
        let rows = lines.map { line in
            let values = Dictionary(zip(line.names, line.values)) { first, _ in first }
            return [
                line.entry.tuned, line.entry.hook, line.entry.mask.rawValue, "\(line.latent)",
                line.entry.names?[line.latent] ?? "", "\(line.rank)",
            ] + header.map { values[$0].map { "\($0)" } ?? "" }
        }
        return .csv([["tuned", "hook", "mask", "latent", "name", "rank"] + header] + rows)
    }

    private func json(_ line: Line) -> Document.Value {
        var members = Dictionary(zip(line.names, line.values.map(Document.Value.number))) { first, _ in first }
        members["tuned"] = .string(line.entry.tuned)
        members["hook"] = .string(line.entry.hook)
        members["mask"] = .string(line.entry.mask.rawValue)
        members["latent"] = .integer(line.latent)
        members["rank"] = .integer(line.rank)
        if let name = line.entry.names?[line.latent] { members["name"] = .string(name) }
        if let movers = line.movers {
            members["rose_on"] = .array(movers.rose.map(Self.json))
            members["fell_on"] = .array(movers.fell.map(Self.json))
        }
        return .object(members)
    }

    private static func json(_ mover: Mover) -> Document.Value {
        var members: [String: Document.Value] = [
            "id": .string(mover.prompt.id), "position": .integer(mover.prompt.position), "d": .number(mover.d),
        ]
        if let group = mover.prompt.group { members["group"] = .string(group) }
        return .object(members)
    }
}
