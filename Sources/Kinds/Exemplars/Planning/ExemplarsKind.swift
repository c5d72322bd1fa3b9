import Dictionaries
import Evaluation
import Foundation
import Inputs
import Models
import Prompts
import Tokenization
import Work

/// Texts on which latents fire, under the base and under tuned checkpoints; and what the latents write.
public struct ExemplarsKind: WorkKind {
    public static let name = "exemplars"

    private let files: InputFiles
    private let version: String
    private let roots: ModelRoots?

    /// `version` is actdiff's own, for the manifest. With `roots` a job that names something outside them is refused.
    public init(digests: DigestCache, version: String, roots: ModelRoots? = nil) {
        files = InputFiles(digests: digests)
        self.version = version
        self.roots = roots
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
        let tokenizer = try base.gguf.map { try Tokenizer(gguf: $0) } ?? Tokenizer(folder: base.path)
        let pieces = VocabularyPieces(tokenizer)
        let hooks = try PlannedHook.all(spec, base: base, files: files, step: progress.step)
        let task = ExemplarsTask(
            base: try files.input(base, step: progress.step),
            tuned: try spec.tuned.map { try files.input($0, base: base, step: progress.step) },
            hooks: hooks.map(\.hook),
            selection: Selection(examples: spec.examples, perInterval: spec.perInterval, seed: spec.seed),
            before: (spec.window - 1) * 3 / 4, after: spec.window - 1 - (spec.window - 1) * 3 / 4,
            skipFirst: spec.skipFirst, maxNorm: spec.maxNorm, vocabulary: pieces.ranges)
        let texts = try PlannedTexts(
            spec, tokenizer: tokenizer, contextLength: base.architecture.contextLength, step: progress.step)
        let record = ExemplarsRecord(
            spec: spec, texts: texts.digest, tokenizer: try files.digest(of: tokenizer.files, at: base.path),
            documents: texts.documents, windows: texts.windows, pieces: try pieces.bytes(),
            latentNames: hooks.map(\.names), bundles: hooks.map(\.bundle))
        try files.refuseChanges(
            of: files.find(task.inputs).flatMap(\.files) + tokenizer.files + [spec.texts.path.resolved], since: start,
            step: progress.step)
        let works = ShardPlan(lengths: texts.sequences.map(\.ids.count), shardTokens: spec.shardTokens).shards
            .enumerated().map { ShardWork(index: $0 + hooks.count, prompts: Array(texts.sequences[$1])) }
        let shards =
            hooks.indices.map { WorkPlan.Shard(bytes: ExemplarsShard.dictionary(hook: $0).bytes, tokens: 1) }
            + works.map { WorkPlan.Shard(bytes: ExemplarsShard.texts($0).bytes, tokens: $0.tokenCount) }
        return WorkPlan(
            task: try task.payload(), shardVersion: ExemplarsShard.layout, shards: shards,
            verified: VerifiedShards.drawn(seed: spec.seed, share: spec.verify, count: shards.count),
            needsOneNumberSystem: true, record: try record.json(),
            foldBytes: try FoldMemory(task, tokens: works.reduce(0) { $0 + $1.tokenCount }).checked())
    }

    public func judge(of task: Payload) throws -> any ResultJudge {
        ExemplarsJudge(task: try ExemplarsTask(task))
    }

    public func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        try ExemplarsEvaluator(ExemplarsTask(task), at: place, progress: progress)
    }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        let fold = ExemplarsFold(
            task: try ExemplarsTask(job.task), record: try ExemplarsRecord(json: job.record), version: version,
            shardCount: job.shardCount, shard: job.shard)
        return try snapshot.map { try fold.restored(from: $0) } ?? fold
    }

    private func spec(_ source: JobSource) throws -> ExemplarsSpec {
        try ExemplarsSpec(yaml: source.specText, file: source.specFile, relativeTo: source.folder)
    }
}

extension ExemplarsSpec {
    /// The name, and everything that the job names.
    fileprivate var outline: JobOutline {
        let inputs: [JobOutline.Input] =
            [
                .init(key: "base", path: base.resolved, isForWorkers: true),
                .init(key: "\(texts.key).path", path: texts.path.resolved, isForWorkers: false),
            ]
            + tuned.map { .init(key: "tuned '\($0.name)'", path: $0.path.resolved, isForWorkers: true) }
            + hooks.map {
                .init(
                    key: "\($0.spec.form.rawValue) of hook \($0.spec.label)", path: $0.spec.dictionary.resolved,
                    isForWorkers: true)
            }
            + hooks.compactMap { hook in
                hook.latents.ends.map {
                    .init(
                        key: "latents.from of hook \(hook.spec.label)", path: $0.bundle.resolved, isForWorkers: false)
                }
            }
        return JobOutline(name: name, inputs: inputs)
    }
}
