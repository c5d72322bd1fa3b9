import Cluster
import Compute
import Diffing
import Evaluation
import Foundation
import Inputs
import TestSupport

/// A job on the real model pair, planned, evaluated and folded in this process.
struct ReferenceJob {
    let plan: JobPlan
    let spec: JobSpec
    let prompts: TokenizedPrompts

    /// `base` is a path, `tuned` names adapters as the golden files do (or is empty for the base against itself).
    init(base: String, tuned: [String], sae: String) throws {
        let entries = tuned.map { "{name: \($0), adapter: \(ReferenceKit.adapter($0))}" }
        let itself = "{name: itself, checkpoint: \(base)}"
        let text = """
            name: reference
            base: \(base)
            tuned: [\((entries.isEmpty ? [itself] : entries).joined(separator: ", "))]
            prompts: {path: \(ReferenceKit.prompts), chat_template: auto, add_generation_prompt: true}
            hooks: [{layer: 15, site: resid_post, sae: \(sae)}]
            masks: [all, content, last]
            skip_first: 1
            shard_tokens: 1024
            rank: {by: delta, top: 100}
            """
        let source = JobSource(specText: text, specFile: "job.yaml", folder: ReferenceKit.root)
        spec = try JobSpec(yaml: text, file: "job.yaml", relativeTo: ReferenceKit.root)
        let folder = try TemporaryFolder()
        plan = try ModelPlanner(digests: DigestCache(at: folder.path + "/digests.json"), version: "test", build: "test")
            .plan(source)
        prompts = TokenizedPrompts(
            ids: try PromptSet(file: ReferenceKit.prompts).prompts.map(\.id),
            prompts: plan.shards.flatMap(\.prompts), masks: spec.masks)
    }

    /// Evaluates all shards and folds them: one result for each tuned checkpoint and mask.
    func diffs() throws -> [LatentDiff] {
        let evaluator = try ShardEvaluator(plan.task, threads: Threads(2))
        var reducer = Reducer(spec: spec, task: plan.task, prompts: prompts)
        for shard in plan.shards { try reducer.fold(evaluator.evaluate(shard, afterBlock: {})) }
        return try reducer.finish()
    }
}
