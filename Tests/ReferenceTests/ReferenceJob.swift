import Compute
import Evaluation
import Foundation
import Inputs
import Latents
import Prompts
import TestSupport
import Work

/// A job on the real model pair, planned, evaluated and folded in this process.
struct ReferenceJob {
    let task: DiffTask
    let works: [ShardWork]
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
        (task, works) = try LatentsKind(digests: DigestCache(at: folder.path + "/digests.json"), version: "test")
            .opened(source)
        prompts = TokenizedPrompts(
            ids: try PromptSet(file: ReferenceKit.prompts).prompts.map(\.id),
            prompts: works.flatMap(\.prompts), masks: spec.masks)
    }

    /// Evaluates all shards and folds them: one result for each tuned checkpoint and mask.
    func diffs() throws -> [LatentDiff] {
        let evaluator = try ShardEvaluator(task, threads: Threads(2))
        var reducer = Reducer(spec: spec, task: task, prompts: prompts)
        for work in works { try reducer.fold(evaluator.evaluate(work, afterLayer: {})) }
        var diffs: [LatentDiff] = []
        try reducer.finish { diffs.append($0) }
        return diffs
    }
}
