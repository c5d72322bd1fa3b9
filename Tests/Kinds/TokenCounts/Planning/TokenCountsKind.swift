import Foundation
import Inputs
import Prompts
import Tokenization
import Work

/// How often each token stands in each prompt: prompts go in, counts come out of the shards, and a table out of the fold.
public struct TokenCountsKind: WorkKind {
    public static let name = "token_counts"

    private let digests: DigestCache
    private let version: String
    private let roots: ModelRoots?

    /// `version` is actdiff's own, for the manifest. With `roots` a job that names something outside them is refused
    /// before anything of it is opened.
    public init(digests: DigestCache, version: String, roots: ModelRoots? = nil) {
        self.digests = digests
        self.version = version
        self.roots = roots
    }

    /// What the fold needs besides the shards.
    struct Record: Sendable, Hashable, Codable {
        var spec: CountsSpec
        var promptIDs: [String]
        /// Of the prompt set's file.
        var prompts: Digest
    }

    public func outline(of source: JobSource) throws -> JobOutline {
        let spec = try CountsSpec(source)
        return JobOutline(name: spec.name, inputs: spec.inputs)
    }

    public func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan {
        try ModelRoots.confine(to: roots) { try confinedPlan(source, progress) }
    }

    private func confinedPlan(_ source: JobSource, _ progress: ComputeProgress) throws -> WorkPlan {
        let spec = try CountsSpec(source)
        for input in spec.inputs { _ = try roots?.resolve(input.path) }
        let tokenizer = try Tokenizer(folder: spec.tokenizer.resolved)
        let set = try PromptSet(file: spec.prompts.resolved)
        // Every token counts: one mask, under which all of them are.
        let rules = PromptRules(chatTemplate: .auto, addGenerationPrompt: true, masks: [.all], skipFirst: 0)
        let prompts = try TokenizedPrompts(
            set, rules: rules, tokenizer: tokenizer, contextLength: nil, step: progress.step)
        let works = ShardPlan(prompts, shardTokens: spec.shardTokens).work(prompts)
        let task = CountsTask(
            vocabularySize: tokenizer.vocabularySize,
            tokenizer: try digests.digest(of: tokenizer.files, relativeTo: spec.tokenizer.resolved))
        return WorkPlan(
            task: try task.payload(), shardVersion: ShardWork.layout,
            shards: works.map { WorkPlan.Shard(bytes: $0.bytes, tokens: $0.tokenCount) },
            verified: VerifiedShards.drawn(seed: 0, share: spec.verify, count: works.count),
            record: try Record(spec: spec, promptIDs: prompts.ids, prompts: set.digest).bytes())
    }

    public func judge(of task: Payload) throws -> any ResultJudge {
        CountsJudge(task: try CountsTask(task))
    }

    public func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        CountsEvaluator(task: try CountsTask(task))
    }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        let fold = CountsFold(
            job: job, task: try CountsTask(job.task), record: try Record(job.record), version: version)
        return try snapshot.map { try fold.restored(from: $0) } ?? fold
    }
}

extension TokenCountsKind.Record {
    /// Records are compared: the same content has the same bytes.
    fileprivate func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(self))
    }

    fileprivate init(_ bytes: [UInt8]) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw InputError("the job's record", expected: "that of a token_counts job", found: "\(error)")
        }
    }
}

extension CountsSpec {
    /// Everything that the job names. Workers get tokens and open none of it.
    fileprivate var inputs: [JobOutline.Input] {
        [
            .init(key: "tokenizer", path: tokenizer.resolved, isForWorkers: false),
            .init(key: "prompts", path: prompts.resolved, isForWorkers: false),
        ]
    }
}
