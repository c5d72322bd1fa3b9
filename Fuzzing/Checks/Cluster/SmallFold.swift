import Evaluation
import Inputs
import Latents
import Prompts
import TestSupport
import LatentsSamples

/// A job of two shards whose fold has few bytes.
struct SmallFold: Sendable {
    static let spec = """
        name: small
        base: base
        tuned: [{name: tuned, adapter: adapter}, {name: other, checkpoint: other, control: true}]
        prompts: {path: prompts.jsonl, chat_template: none, add_generation_prompt: false}
        hooks: [{layer: 3, site: resid_post, sae: sae}]
        masks: [all, last]
        skip_first: 0
        shard_tokens: 4
        rank: {by: delta, top: 3}
        seed: 7
        permutations: 20
        verify: 0.1
        """

    private let spec: JobSpec
    private let task: DiffTask
    private let prompts: TokenizedPrompts

    init() throws {
        spec = try JobSpec(yaml: Self.spec, file: "job.yaml", relativeTo: "/jobs")
        let input = TaskInput(path: "/models", digest: Digest(of: "models"))
        task = DiffTask(
            base: input, tuned: spec.tuned.map { TunedInput(name: $0.name, form: $0.form, input: input) },
            hooks: spec.hooks.map { DiffTask.Hook(point: $0.point, dictionary: input, latents: 5) },
            masks: spec.masks)
        prompts = TokenizedPrompts(
            ids: ["a", "b", "c"],
            prompts: (0..<3).map { PromptTokens(index: $0, ids: [1, 2], masks: [1, 3]) }, masks: spec.masks)
    }

    /// A fold that has begun, or goes on from a snapshot.
    func reducer(_ snapshot: [UInt8]? = nil) throws -> Reducer {
        try snapshot.map { try Reducer(spec: spec, task: task, prompts: prompts, snapshot: $0) }
            ?? Reducer(spec: spec, task: task, prompts: prompts)
    }

    /// The snapshots of a fold before the first shard, after it, and at the end.
    func snapshots() throws -> [[UInt8]] {
        var reducer = try reducer()
        var snapshots = [try reducer.snapshot()]
        var samples = Samples(seed: 3)
        for work in ShardPlan(lengths: prompts.prompts.map(\.ids.count), shardTokens: spec.shardTokens).work(prompts) {
            try reducer.fold(samples.result(task, work))
            snapshots.append(try reducer.snapshot())
        }
        return snapshots
    }
}
