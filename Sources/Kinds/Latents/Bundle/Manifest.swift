import Inputs
import Work

/// What a result bundle says about where its numbers come from.
///
/// Nothing in it depends on when, where or by whom the job was run: no times, hosts, workers or job ids. Only why a shard
/// is missing is told in the words of the error.
public struct Provenance: Sendable, Hashable {
    /// Version of actdiff.
    public var version: String
    public var prompts: Digest
    public var tokenizer: Digest
    /// Digests of all shard results in the plan's order; nil for those that are missing.
    public var shards: [Digest?]
    /// Instruction sets of the workers, since another one rounds differently.
    public var isa: Set<String>
    /// The shards that are missing, ascending.
    public var missing: [MissingShard]
    /// By hook label the names of its latents, for dictionaries whose latents have names.
    public var latentNames: [String: [String]]

    /// What the result lacks, if anything.
    var partial: PartialResult? { PartialResult(shards: shards.count, missing: missing) }

    /// Makes a provenance.
    public init(
        version: String, prompts: Digest, tokenizer: Digest, shards: [Digest?], isa: Set<String>,
        missing: [MissingShard] = [], latentNames: [String: [String]] = [:]
    ) {
        self.version = version
        self.prompts = prompts
        self.tokenizer = tokenizer
        self.shards = shards
        self.isa = isa
        self.missing = missing
        self.latentNames = latentNames
    }
}

/// The manifest, which grows with the results.
struct Manifest {
    static let file = "manifest.json"
    static let format = "actdiff-result"
    static let version = 1

    private let spec: JobSpec
    private let task: DiffTask
    private let provenance: Provenance
    private var masks: [String: Document.Value] = [:]
    private var results: [Document.Value] = []

    /// Without results.
    init(spec: JobSpec, task: DiffTask, provenance: Provenance) {
        (self.spec, self.task, self.provenance) = (spec, task, provenance)
    }

    /// Adds a result with the digests of its files by their names.
    mutating func add(_ diff: LatentDiff, files: [String: Digest]) {
        masks[diff.mask.rawValue] = .object(["prompts": .integer(diff.prompts), "tokens": .integer(diff.tokens)])
        results.append(Self.result(diff, files: files))
    }

    /// All of it so far.
    var value: Document.Value {
        var members: [String: Document.Value] = [
            "format": .string(Self.format),
            "format_version": .integer(Self.version),
            "actdiff": .string(provenance.version),
            "job": spec.manifest,
            "inputs": .object(Self.inputs(task, provenance)),
            "shards": .array(provenance.shards.map { $0.map(Self.digest) ?? .null }),
            "isa": .array(provenance.isa.sorted().map { .string($0) }),
            "masks": .object(masks),
            "results": .array(results),
        ]
        if let partial = provenance.partial {
            members["partial"] = .object([
                "shards": .array(provenance.missing.map(\.manifest)),
                "prompts_missing": .integer(partial.promptsMissing),
            ])
        }
        return .object(members)
    }

    private static func inputs(_ task: DiffTask, _ provenance: Provenance) -> [String: Document.Value] {
        var members: [String: Document.Value] = [
            "base": digest(task.base.digest),
            "tuned": named(task.tuned.map { ($0.name, digest($0.input.digest)) }),
            "prompts": digest(provenance.prompts),
            "tokenizer": digest(provenance.tokenizer),
        ]
        let saes = task.hooks.filter { $0.rule == .sparse }
        if !saes.isEmpty { members["sae"] = named(saes.map { ($0.label, digest($0.dictionary.digest)) }) }
        let directions = task.hooks.filter { $0.rule == .linear }
        if !directions.isEmpty {
            members["directions"] = named(
                directions.map { hook in
                    let names = provenance.latentNames[hook.label] ?? []
                    return (
                        hook.label,
                        .object([
                            "digest": digest(hook.dictionary.digest), "names": .array(names.map { .string($0) }),
                        ])
                    )
                })
        }
        return members
    }

    private static func result(_ diff: LatentDiff, files: [String: Digest]) -> Document.Value {
        .object([
            "tuned": .string(diff.tuned),
            "hook": .string(diff.hook),
            "mask": .string(diff.mask.rawValue),
            "control": .bool(diff.control),
            "latents": .integer(diff.columns.latents),
            "prompts": .integer(diff.prompts),
            "tokens": .integer(diff.tokens),
            "fired": .integer(diff.fired),
            "split_half": diff.splitHalf.manifest,
            "files": .object(files.mapValues(digest)),
        ])
    }

    private static func digest(_ digest: Digest) -> Document.Value { .string(digest.description) }

    private static func named(_ members: [(String, Document.Value)]) -> Document.Value {
        .object(Dictionary(members) { first, _ in first })
    }
}
