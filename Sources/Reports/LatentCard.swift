import Inputs
import Latents

/// Everything that a bundle says about some latents: every column under every hook, mask and tuned checkpoint.
public struct LatentCard {
    private struct Line {
        let entry: ResultBundle.Entry
        let latent: Int
        let names: [String]
        let values: [Double]
        /// The latent's place among all by what the job ranks by, from 1.
        let rank: Int
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
        for entry in entries {
            let columns = try bundle.columns(of: entry)
            let values = try bundle.rankBy.column.values(in: columns)
            for latent in latents where latent < entry.latents {
                // Of equals the lower latent comes first.
                let before = values.indices.count { (values[latent], $0) < (values[$0], latent) }
                lines.append(
                    Line(
                        entry: entry, latent: latent, names: columns.names, values: columns.row(latent),
                        rank: before + 1))
            }
        }
        self.lines = lines
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
        return
            "\(title)\n\(TextTable([["tuned", "hook", "mask", "rank by \(bundle.rankBy.rawValue)"] + cells.titles] + rows, left: [0, 1, 2]))"
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
        return .object(members)
    }
}
