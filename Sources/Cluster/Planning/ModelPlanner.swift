import Diffing
import Evaluation
import Foundation
import Inputs
import Models
import Tokenization

/// Plans real jobs: reads the spec, opens the models, tokenises the prompts; and folds their results into bundles.
public struct ModelPlanner: JobPlanning {
    private let inputs: TaskInputs
    private let version: String
    private let build: String
    private let roots: ModelRoots?

    /// `version` is actdiff's own, for the manifest; `build` tells this program from others of the same version. With
    /// `roots` a job that names something outside them is refused before anything of it is opened.
    public init(digests: DigestCache, version: String, build: String, roots: ModelRoots? = nil) {
        inputs = TaskInputs(digests: digests)
        self.version = version
        self.build = build
        self.roots = roots
    }

    /// What the fold needs besides the shards.
    private struct Record: Codable {
        var promptIDs: [String]
        var prompts: Digest
        var tokenizer: Digest
        /// The program that planned the job, whose workers compute it.
        var build: String
    }

    public func name(of source: JobSource) throws -> String {
        try spec(source).name
    }

    public func plan(_ source: JobSource) throws -> JobPlan {
        let spec = try spec(source)
        try roots?.check(spec)
        let base = try Checkpoint(spec.base.resolved)
        let task = try inputs.task(for: spec, base: base)
        let tokenizer = try base.gguf.map { try Tokenizer(gguf: $0) } ?? Tokenizer(folder: base.path)
        let set = try PromptSet(file: spec.prompts.path.resolved)
        let prompts = try TokenizedPrompts(
            set, spec: spec, tokenizer: tokenizer, contextLength: base.config.contextLength)
        let record = Record(
            promptIDs: prompts.ids, prompts: set.digest,
            tokenizer: try inputs.digest(of: tokenizer.files, at: base.path), build: build)
        let encoder = JSONEncoder()
        // Records are compared: the same content has the same bytes.
        encoder.outputFormatting = .sortedKeys
        return JobPlan(
            task: task, shards: ShardPlan(prompts, spec: spec).work(prompts),
            record: try encoder.encode(record))
    }

    public func verifiedShards(of source: JobSource, count: Int) throws -> Set<Int> {
        let spec = try spec(source)
        return ShardPlan.verifiedShards(seed: spec.seed, share: spec.verify, count: count)
    }

    public func fold(of job: PlannedJob, checkpoint: [UInt8]?) throws -> any JobFolding {
        let spec = try spec(job.source)
        let record = try JSONDecoder().decode(Record.self, from: job.record)
        guard record.build == build else {
            throw InputError(
                "the job", expected: "shards of one program, \(build)", found: "some of \(record.build)",
                hint: "actdiff was replaced while the job ran; submit it again", kind: .configuration)
        }
        let works = try (0..<job.shards).map(job.work)
        let prompts = TokenizedPrompts(ids: record.promptIDs, prompts: works.flatMap(\.prompts), masks: spec.masks)
        let reducer =
            try checkpoint.map { try Reducer(spec: spec, task: job.task, prompts: prompts, checkpoint: $0) }
            ?? Reducer(spec: spec, task: job.task, prompts: prompts)
        guard reducer.shardCount == job.shards else {
            throw InputError("the job", expected: "\(job.shards) shards", found: "tokens for \(reducer.shardCount)")
        }
        return ModelFold(
            spec: spec, task: job.task,
            provenance: Provenance(
                version: version, prompts: record.prompts, tokenizer: record.tokenizer, shards: [], isa: []),
            sizes: works.map { ModelFold.Size(prompts: $0.prompts.count, tokens: $0.tokenCount) }, reducer: reducer)
    }

    private func spec(_ source: JobSource) throws -> JobSpec {
        try JobSpec(yaml: source.specText, file: source.specFile, relativeTo: source.folder)
    }
}

extension Tokenizer: PromptTokenizer {
    public var hasChatTemplate: Bool { chatTemplate != nil }

    public func encode(_ text: String, addSpecialTokens: Bool) throws -> (ids: [UInt32], spans: [Range<Int>]) {
        let encoding: Encoding = try encode(text, addSpecialTokens: addSpecialTokens)
        return (encoding.ids, encoding.spans)
    }

    public func render(_ messages: [PromptMessage], addGenerationPrompt: Bool) throws -> String {
        guard let chatTemplate else {
            throw InputError("chat template", expected: "one in the checkpoint", found: "none")
        }
        return try chatTemplate.render(
            messages.map { ChatMessage(role: $0.role.rawValue, content: $0.content) },
            addGenerationPrompt: addGenerationPrompt)
    }
}
