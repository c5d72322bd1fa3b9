import Inputs

/// What a result bundle says about where its numbers come from. Nothing in it depends on when, where or by whom the job was
/// run: no times, hosts, workers or job ids.
struct CountsManifest {
    static let file = "manifest.json"
    static let format = "actdiff-token-counts"
    static let version = 1

    let table: CountsTable
    let task: CountsTask
    let record: TokenCountsKind.Record
    /// Of actdiff.
    let version: String
    /// Digests of all shard results in the plan's order; nil for those that are missing.
    let shards: [Digest?]

    /// `counts` is the digest of the bundle's other file.
    func value(counts: Digest) -> Document.Value {
        var members: [String: Document.Value] = [
            "format": .string(Self.format), "format_version": .integer(Self.version), "actdiff": .string(version),
            "job": record.spec.manifest,
            "inputs": .object(["tokenizer": digest(task.tokenizer), "prompts": digest(record.prompts)]),
            "vocabulary": .integer(task.vocabularySize),
            "shards": .array(shards.map { $0.map(digest) ?? .null }),
            "files": .object([CountsBundle.countsFile: digest(counts)]),
        ]
        if !table.missing.isEmpty { members["partial"] = .array(table.missing.map(missing)) }
        return .object(members)
    }

    /// A shard that the counts go without, with the prompts that one would look for.
    private func missing(_ entry: CountsTable.Missing) -> Document.Value {
        .object([
            "shard": .integer(entry.shard), "prompts": .array(entry.prompts.map { .string($0) }),
            "error": .object([
                "place": .string(entry.error.place), "expected": .string(entry.error.expected),
                "found": .string(entry.error.found),
            ]),
        ])
    }

    private func digest(_ digest: Digest) -> Document.Value { .string(digest.description) }
}
