import Inputs

extension CountsSpec {
    /// The spec for a result's manifest: the job file's own keys, defaults filled in, paths as they were written, so that it
    /// is the same wherever the job ran.
    var manifest: Document.Value {
        .object([
            "kind": .string(TokenCountsKind.name), "name": .string(name), "tokenizer": .string(tokenizer.written),
            "prompts": .string(prompts.written), "shard_tokens": .integer(shardTokens), "verify": .number(verify),
        ])
    }
}
