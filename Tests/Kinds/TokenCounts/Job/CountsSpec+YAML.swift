import Inputs
import Prompts
import Work

extension CountsSpec {
    /// Reads a job file. Throws `InputError` with file, line and key.
    init(_ source: JobSource) throws {
        let root = try Document(yaml: source.specText, file: source.specFile)
        try root.refuseKeys(outside: ["kind", "name", "tokenizer", "prompts", "shard_tokens", "verify"])
        let kind = try root.required("kind")
        guard try kind.string() == TokenCountsKind.name else { throw kind.error(expected: TokenCountsKind.name) }
        name = try root.required("name").jobName()
        tokenizer = try root.required("tokenizer").path(from: source.folder)
        prompts = try root.required("prompts").path(from: source.folder)
        shardTokens = try root.optional("shard_tokens")?.whole(in: 1...ShardPlan.mostShardTokens) ?? 4096
        verify = try root.optional("verify")?.share() ?? 0
    }
}
