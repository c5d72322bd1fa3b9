import Foundation
import Inputs

/// A result folder: `manifest.json`, and `counts.json` with the counts by prompt and by token.
enum CountsBundle {
    static let countsFile = "counts.json"

    /// Writes a bundle to `folder`, which must not exist yet: it appears complete or not at all. The bytes depend on the
    /// arguments alone. Throws `InputError` naming the path, and what `checkCancelled` throws.
    static func write(
        to folder: String, _ table: CountsTable, task: CountsTask, record: TokenCountsKind.Record, version: String,
        shards: [Digest?], checkCancelled: () throws -> Void
    ) throws {
        let draft = try NewFolder(folder)
        let counts = try CanonicalJSON.text(value(table, checkCancelled))
        try draft.write(Data(counts.utf8), to: countsFile)
        let manifest = CountsManifest(table: table, task: task, record: record, version: version, shards: shards)
        try draft.write(
            Data(CanonicalJSON.text(manifest.value(counts: Digest(of: counts))).utf8), to: CountsManifest.file)
        try checkCancelled()
        try draft.publish()
    }

    /// `prompts`, a list of `id`, `tokens` and `counts`, and `tokens`, the sums over all prompts. Counts are mappings whose
    /// keys are token ids. `usual` is the token that stands there most, with the ids of the prompts that have it.
    private static func value(_ table: CountsTable, _ checkCancelled: () throws -> Void) throws -> Document.Value {
        let prompts = try table.rows.map { row in
            try checkCancelled()
            let counts = row.entries.map { ("\($0.token)", Document.Value.integer($0.count)) }
            return Document.Value.object([
                "id": .string(row.id), "tokens": .integer(row.entries.reduce(0) { $0 + $1.count }),
                "counts": .object(Dictionary(counts) { first, _ in first }),
            ])
        }
        let totals = table.totals.map { ("\($0.key)", Document.Value.integer($0.value)) }
        let usual = table.usual.map { usual in
            Document.Value.object([
                "token": .integer(usual.token), "prompts": .array(usual.prompts.map { .string($0) }),
            ])
        }
        return .object([
            "prompts": .array(prompts), "tokens": .object(Dictionary(totals) { first, _ in first }),
            "usual": usual ?? .null,
        ])
    }
}
