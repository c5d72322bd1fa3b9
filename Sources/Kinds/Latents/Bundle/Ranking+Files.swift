import Inputs

extension Ranking {
    /// Comma-separated values (RFC 4180): `list` (top or bottom), `rank` from 1, `latent`, `name` where latents have names,
    /// then every column in full precision. Only the names of latents can need quotes; all others are safe as file names.
    public var csv: String {
        ([csvHeader] + csvRows).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    /// Names of the fields.
    public var csvHeader: [String] { ["list", "rank", "latent"] + (hasNames ? ["name"] : []) + names }

    /// Fields of each row, quoted where they must be.
    var csvRows: [[String]] { fields.map { $0.map(Self.quoted) } }

    /// Fields of each row as they are.
    public var fields: [[String]] {
        [("top", top), ("bottom", bottom)].flatMap { list, rows in
            rows.enumerated().map { rank, row in
                [list, "\(rank + 1)", "\(row.latent)"] + (row.name.map { [$0] } ?? [])
                    + row.values.map { "\($0)" }
            }
        }
    }

    private static func quoted(_ field: String) -> String {
        guard field.utf8.contains(where: { Array(",\"\r\n".utf8).contains($0) }) else { return field }
        return "\"" + field.replacing("\"", with: "\"\"") + "\""
    }

    /// `rank_by` and the lists `top` and `bottom`, a mapping of `latent`, `name` where latents have
    /// names, and every column for each row.
    public var json: [String: Document.Value] {
        func list(_ rows: [Row]) -> Document.Value {
            .array(
                rows.map { row in
                    var members = Dictionary(zip(names, row.values.map(Document.Value.number))) { first, _ in first }
                    members["latent"] = .integer(row.latent)
                    if let name = row.name { members["name"] = .string(name) }
                    return .object(members)
                })
        }
        return ["rank_by": .string(by.name), "top": list(top), "bottom": list(bottom)]
    }
}
