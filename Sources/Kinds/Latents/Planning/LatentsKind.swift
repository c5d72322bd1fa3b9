import Compute
import Evaluation
import Foundation
import Inputs
import Models
import Prompts
import Tokenization
import Work

/// Which latents of a dictionary a fine-tune moved: prompts go in, sums of activations by prompt and latent come out of
/// the shards, and a ranking with its statistics out of the fold.
public struct LatentsKind: WorkKind {
    public static let name = "latents"

    private let files: InputFiles
    private let version: String
    private let roots: ModelRoots?

    /// `version` is actdiff's own, for the manifest. With `roots` a job that names something outside them is refused
    /// before anything of it is opened, and so is every file that a link inside leads to outside.
    public init(digests: DigestCache, version: String, roots: ModelRoots? = nil) {
        files = InputFiles(digests: digests)
        self.version = version
        self.roots = roots
    }

    /// What the fold needs besides the shards.
    struct Record: Codable {
        var spec: JobSpec
        var promptIDs: [String]
        var prompts: Digest
        var tokenizer: Digest
        /// By hook label, for dictionaries whose latents have names.
        var latentNames: [String: [String]] = [:]
        /// Nil where the prompts have none.
        var groups: PromptGroups?
        var duplicates: PromptDuplicates?
    }

    public func outline(of source: JobSource) throws -> JobOutline {
        try spec(source).outline
    }

    public func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan {
        try ModelRoots.confine(to: roots) { try confinedPlan(source, progress) }
    }

    private func confinedPlan(_ source: JobSource, _ progress: ComputeProgress) throws -> WorkPlan {
        let start = DigestCache.Moment()
        let spec = try spec(source)
        for input in spec.outline.inputs { _ = try roots?.resolve(input.path) }
        try spec.outline.refuseMissingInputs(jobFile: source.specFile)
        let base = try Checkpoint(spec.base.resolved)
        let task = try DiffTask(spec, base: base, files: files, step: progress.step)
        try refuseUnknownLatents(spec, task, jobFile: source.specFile)
        let tokenizer = try base.gguf.map { try Tokenizer(gguf: $0) } ?? Tokenizer(folder: base.path)
        let set = try spec.prompts.open()
        for contrast in spec.contrasts ?? [] {
            try contrast.check(groups: set.groups?.names ?? [], place: source.specFile)
        }
        let prompts = try TokenizedPrompts(
            set, rules: spec.promptRules, tokenizer: tokenizer, contextLength: base.architecture.contextLength,
            step: progress.step)
        let works = ShardPlan(prompts, shardTokens: spec.shardTokens).work(prompts)
        let record = Record(
            spec: spec, promptIDs: prompts.ids, prompts: set.digest,
            tokenizer: try files.digest(of: tokenizer.files, at: base.path),
            latentNames: try task.latentNames(files.formats), groups: prompts.groups,
            duplicates: try PromptDuplicates(of: set, step: progress.step))
        try files.refuseChanges(
            of: files.find(task.inputs).flatMap(\.files) + tokenizer.files + spec.prompts.files.map(\.path.resolved),
            since: start,
            step: progress.step)
        return WorkPlan(
            task: try task.payload(), shardVersion: ShardWork.layout,
            shards: works.map { WorkPlan.Shard(bytes: $0.bytes, tokens: $0.tokenCount) },
            verified: VerifiedShards.drawn(seed: spec.seed, share: spec.verify, count: works.count),
            record: try Self.bytes(of: record),
            foldBytes: FoldMemory(spec: spec, task: task, prompts: prompts).bytes)
    }

    /// Refuses a latent to be kept that no dictionary has.
    private func refuseUnknownLatents(_ spec: JobSpec, _ task: DiffTask, jobFile: String) throws {
        let most = task.hooks.map(\.latents).max() ?? 0
        guard let unknown = spec.keepLatents?.first(where: { $0 >= most }) else { return }
        throw InputError(
            "\(jobFile): keep_latents", expected: "latents below \(most), what the largest dictionary has",
            found: "\(unknown)")
    }

    /// Records are compared: the same content has the same bytes.
    static func bytes(of record: Record) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(record))
    }

    public func judge(of task: Payload) throws -> any ResultJudge {
        LatentsJudge(task: try DiffTask(task))
    }

    public func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        try LatentsEvaluator(DiffTask(task), at: place, progress: progress)
    }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        let task = try DiffTask(job.task)
        let record = try JSONDecoder().decode(Record.self, from: Data(job.record))
        let spec = record.spec
        let works = try (0..<job.shardCount).map { try task.work(job.shard($0)) }
        let prompts = TokenizedPrompts(
            ids: record.promptIDs, prompts: works.flatMap(\.prompts), masks: spec.masks, groups: record.groups)
        let reducer =
            try snapshot.map { try Reducer(spec: spec, task: task, prompts: prompts, snapshot: $0) }
            ?? Reducer(spec: spec, task: task, prompts: prompts)
        guard reducer.shardCount == job.shardCount else {
            throw InputError(
                "the job", expected: "\(job.shardCount) shards", found: "tokens for \(reducer.shardCount)")
        }
        return LatentsFold(
            spec: spec, task: task,
            provenance: Provenance(
                version: version, prompts: record.prompts, tokenizer: record.tokenizer, shards: [], isa: [],
                latentNames: record.latentNames),
            sizes: works.map { LatentsFold.Size(prompts: $0.prompts.count, tokens: $0.tokenCount) },
            duplicates: record.duplicates, reducer: reducer, shard: job.shard)
    }

    private func spec(_ source: JobSource) throws -> JobSpec {
        try JobSpec(yaml: source.specText, file: source.specFile, relativeTo: source.folder)
    }
}

extension JobSpec {
    /// The name, and everything that the job names.
    fileprivate var outline: JobOutline {
        let inputs: [JobOutline.Input] =
            [.init(key: "base", path: base.resolved, isForWorkers: true)]
            + prompts.files.map {
                .init(
                    key: "prompts.path" + ($0.group.map { ".\($0)" } ?? ""), path: $0.path.resolved, isForWorkers: false
                )
            }
            + tuned.map { .init(key: "tuned '\($0.name)'", path: $0.path.resolved, isForWorkers: true) }
            + hooks.map {
                .init(
                    key: "\($0.form.rawValue) of hook \($0.label)", path: $0.dictionary.resolved, isForWorkers: true)
            }
        return JobOutline(name: name, inputs: inputs)
    }
}

extension JobSpec.Prompts {
    /// Reads the prompt set. Throws `InputError`.
    fileprivate func open() throws -> PromptSet {
        let groups = files.compactMap { file in
            file.group.map { PromptSet.GroupFile(group: $0, path: file.path.resolved) }
        }
        guard groups.isEmpty, let file = files.first else { return try PromptSet(files: groups) }
        return try PromptSet(file: file.path.resolved)
    }
}
