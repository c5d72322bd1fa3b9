import Evaluation
import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
import Work

@testable import Exemplars

/// Exemplars on the real model pair, planned, evaluated and folded in this process, and the answers of PyTorch.
struct ExemplarReference: Sendable {
    let golden: [String: TensorFile.Tensor]
    let task: ExemplarsTask
    let sequences: [PromptTokens]
    let found: HookExemplars
    let geometry: HookGeometry

    init(latents: [Int]) throws {
        golden = try TensorFile("\(ReferenceKit.goldens)/exemplars.safetensors").tensors
        let text = """
            kind: exemplars
            name: reference
            base: \(ReferenceKit.folder)
            tuned: [{name: villain, adapter: \(ReferenceKit.adapter("villain-step-120"))}]
            prompts: {path: \(ReferenceKit.prompts)}
            hooks: [{layer: 15, sae: \(ReferenceKit.persona)/sae, latents: \(latents)}]
            max_norm: none
            shard_tokens: 1024
            """
        let folder = try TemporaryFolder()
        let digests = DigestCache(at: folder.path + "/digests.json")
        let kind = ExemplarsKind(digests: digests, version: "test")
        let progress = ComputeProgress()
        let plan = try kind.plan(
            JobSource(specText: text, specFile: "job.yaml", folder: ReferenceKit.root), progress: progress)
        let place = WorkerPlace(
            roots: try ModelRoots([ReferenceKit.root]), digests: digests, threads: 2, memory: 4 << 30)
        let evaluator = try kind.evaluator(for: plan.task, at: place, progress: progress)
        let shards = plan.shards.enumerated().map { index, shard in
            WorkShard(
                index: index,
                payload: Payload(kind: ExemplarsKind.name, version: plan.shardVersion, bytes: shard.bytes))
        }
        let task = try ExemplarsTask(plan.task)
        self.task = task
        var fold = ExemplarsFold(
            task: task, record: try ExemplarsRecord(json: plan.record), version: "test", shardCount: shards.count,
            shard: { shards[$0] })
        for shard in shards { try fold.fold(evaluator.evaluate(shard, progress: progress)) }
        found = fold.found[0]
        geometry = try #require(fold.geometry[0])
        sequences = try shards.flatMap { shard in
            if case .texts(let work) = try ExemplarsShard(shard, of: task) { work.prompts } else { [PromptTokens]() }
        }
    }
}
