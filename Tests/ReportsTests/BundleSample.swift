import Inputs
import Prompts
import TestSupport
@testable import Latents
@testable import LatentsSamples

/// Bundles of random results to read from.
struct BundleSample {
    let folder: TemporaryFolder
    let diffs: [LatentDiff]
    /// In the order of the results.
    let kept: [KeptDifferences]
    let bundle: ResultBundle

    /// A bundle with these tuned checkpoints (as in a job file) and masks, one hook, 40 latents, results drawn by the seed.
    init(
        tuned: [String] = ["{name: villain, adapter: a}", "{name: careful, adapter: b, control: true}"],
        masks: String = "[all, last]", seed: UInt64 = 0, sae: String = "sae", promptsDigest: String = "p",
        duplicates: PromptDuplicates? = nil
    ) throws {
        folder = try TemporaryFolder()
        let spec = try LatentsSamples.spec(tuned: tuned, masks: masks, "rank: {top: 5}")
        var task = LatentsSamples.task(spec, latents: 40)
        for hook in task.hooks.indices { task.hooks[hook].dictionary.digest = Digest(of: sae) }
        let counts = [3, 4, 5, 6, 3, 4, 5, 6]
        let rows = (0...spec.tuned.count).map {
            randomRows(counts, latents: 40, rate: 0.6, seed: seed &* 100 &+ UInt64($0))
        }
        let prompts = LatentsSamples.prompts(counts, masks: spec.masks)
        diffs = try LatentsSamples.diffs(spec, task, prompts, rows)
        var reducer = Reducer(spec: spec, task: task, prompts: prompts)
        let results = LatentsSamples.results(spec, task, prompts, rows)
        for result in results { try reducer.fold(result) }
        var pass = try DifferencePass(reducer) {}
        for result in results { try pass.take(result) }
        kept = pass.results
        let provenance = Provenance(
            version: "0.1.0", prompts: Digest(of: promptsDigest), tokenizer: Digest(of: "t"), shards: [Digest(of: "0")],
            isa: ["avx2"])
        let path = folder.path + "/run\(seed)"
        try ResultBundle.write(
            to: path, spec: spec, task: task, provenance: provenance,
            prompts: .init(
                ids: prompts.ids, positions: Array(counts.indices), duplicates: duplicates,
                tokens: spec.masks.map { ($0, counts.map(UInt32.init)) }, kept: kept, room: 1000),
            results: diffs.forEach)
        bundle = try ResultBundle(folder: path)
    }
}
