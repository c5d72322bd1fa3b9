import Inputs

/// A shard that a result goes without.
public struct MissingShard: Sendable, Hashable {
    /// Position in the plan.
    public var shard: Int
    /// Prompts in it.
    public var prompts: Int
    /// Tokens in all of them, masked or not.
    public var tokens: Int
    /// Why there is no result.
    public var error: InputError

    /// Makes an entry.
    public init(shard: Int, prompts: Int, tokens: Int, error: InputError) {
        self.shard = shard
        self.prompts = prompts
        self.tokens = tokens
        self.error = error
    }

    /// As it stands in the manifest.
    public var manifest: Document.Value {
        .object([
            "shard": .integer(shard), "prompts": .integer(prompts), "tokens": .integer(tokens),
            "error": .object([
                "place": .string(error.place), "expected": .string(error.expected), "found": .string(error.found),
            ]),
        ])
    }
}

/// What a result lacks: its statistics are those of the job without the prompts of some shards.
public struct PartialResult: Sendable, Hashable, CustomStringConvertible {
    /// Shards in the plan.
    public var shards: Int
    public var shardsMissing: Int
    public var promptsMissing: Int

    /// Nil where nothing is missing.
    public init?(shards: Int, missing: [MissingShard]) {
        guard !missing.isEmpty else { return nil }
        self.shards = shards
        shardsMissing = missing.count
        promptsMissing = missing.reduce(0) { $0 + $1.prompts }
    }

    /// Reads what a manifest says; nil for a complete result. Throws `InputError` for a manifest that contradicts itself.
    public init?(manifest: Document) throws {
        let shards = try manifest.required("shards").list()
        let missing = shards.count(where: \.isNull)
        let partial = try manifest.optional("partial")
        let named = try partial?.required("shards").list().count ?? 0
        guard named == missing else {
            throw InputError(
                partial?.place ?? manifest.place, expected: "\(missing) missing shards, as many as have no digest",
                found: "\(named)", hint: "the manifest was changed after the job")
        }
        guard let partial else { return nil }
        self.shards = shards.count
        shardsMissing = missing
        promptsMissing = try partial.required("prompts_missing").integer(atLeast: 0)
    }

    /// Such as `PARTIAL: 3 of 40 shards (7 prompts) are missing`.
    public var description: String {
        "PARTIAL: \(shardsMissing) of \(shards) shards (\(promptsMissing) \(promptsMissing == 1 ? "prompt" : "prompts")) "
            + (shardsMissing == 1 ? "is missing" : "are missing")
    }
}
