import Evaluation
import Foundation
import Inputs
import TestSupport
import Work
@testable import Latents
@testable import Prompts

/// A job spec with one tuned checkpoint, one hook and the mask `all`, plus lines of one's own.
func spec(
    tuned: [String] = ["{name: villain, adapter: a}"], masks: String = "[all]", hooks: Int = 1, _ lines: String...
) throws -> JobSpec {
    let hooks = (0..<hooks).map { "  - {layer: \($0), sae: sae}" }
    let yaml =
        ["name: job", "base: m", "tuned:"] + tuned.map { "  - \($0)" } + ["prompts: {path: p.jsonl}", "hooks:"] + hooks
        + ["masks: \(masks)"] + lines
    return try JobSpec(yaml: yaml.joined(separator: "\n"), file: "job.yaml", relativeTo: "/jobs")
}

/// The task that goes with a spec, all dictionaries `latents` wide.
func task(_ spec: JobSpec, latents: Int) -> DiffTask {
    func input(_ path: JobPath) -> TaskInput {
        TaskInput(path: path.resolved, digest: Digest(of: path.written))
    }
    return DiffTask(
        base: input(spec.base),
        tuned: spec.tuned.map { TunedInput(name: $0.name, form: $0.form, input: input($0.path)) },
        hooks: spec.hooks.map {
            DiffTask.Hook(
                point: $0.point, name: $0.name, dictionary: input($0.dictionary), latents: latents, rule: $0.form.rule)
        },
        masks: spec.masks)
}

/// Prompts with the given numbers of masked tokens under every mask, each after one token that never counts.
func prompts(_ counts: [Int], ids: [String]? = nil, masks: [TokenMask] = [.all]) -> TokenizedPrompts {
    let bits = UInt8((1 << masks.count) - 1)
    return TokenizedPrompts(
        ids: ids ?? counts.indices.map { "prompt-\($0)" },
        prompts: counts.enumerated().map { index, count in
            PromptTokens(
                index: index, ids: [UInt32](repeating: 5, count: count + 1),
                masks: [0] + [UInt8](repeating: bits, count: count))
        }, masks: masks)
}

/// One row of `LatentSums`.
typealias SparseRow = [(latent: Int, sum: Double, active: Int)]

/// Rows as a table.
func table(_ rows: some Sequence<SparseRow>) -> LatentSums {
    var table = LatentSums()
    for row in rows {
        for entry in row { table.append(latent: UInt32(entry.latent), sum: entry.sum, active: UInt32(entry.active)) }
        table.endRow()
    }
    return table
}

/// The shard results of a job whose checkpoints have the given rows (base first), the same at every hook and mask.
func results(_ spec: JobSpec, _ task: DiffTask, _ prompts: TokenizedPrompts, _ checkpoints: [[SparseRow]])
    -> [ShardResult]
{
    ShardPlan(prompts, shardTokens: spec.shardTokens).shards.enumerated().map { index, range in
        let tables = checkpoints.flatMap { rows in
            [LatentSums](repeating: table(rows[range]), count: task.hooks.count * task.masks.count)
        }
        return ShardResult(
            shard: index, tokenCounts: task.masks.indices.map { Array(prompts.tokenCounts(mask: $0)[range]) },
            tables: tables)
    }
}

extension Reducer {
    /// The statistics of all results.
    func diffs() throws -> [LatentDiff] {
        var diffs: [LatentDiff] = []
        try finish { diffs.append($0) }
        return diffs
    }
}

/// Folds everything and finishes.
func diffs(_ spec: JobSpec, _ task: DiffTask, _ prompts: TokenizedPrompts, _ checkpoints: [[SparseRow]]) throws
    -> [LatentDiff]
{
    var reducer = Reducer(spec: spec, task: task, prompts: prompts)
    for result in results(spec, task, prompts, checkpoints) { try reducer.fold(result) }
    return try reducer.diffs()
}

/// Random rows: each latent fires with probability `rate` on a prompt.
func randomRows(_ counts: [Int], latents: Int, rate: Double, seed: UInt64) -> [SparseRow] {
    var random = SeededGenerator(seed: seed)
    return counts.map { count in
        (0..<latents).compactMap { latent in
            guard Double.random(in: 0..<1, using: &random) < rate else { return nil }
            return (latent, Double.random(in: 0.01..<5, using: &random), Int.random(in: 1...count, using: &random))
        }
    }
}
