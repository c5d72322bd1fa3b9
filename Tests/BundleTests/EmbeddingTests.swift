import Foundation
import TestSupport
import Testing

/// Whole jobs at `resid_pre` of layer 0, where no block has run, against scripts/goldens/embeddings.py.
@Suite(.timeLimit(.minutes(5))) struct EmbeddingTests {
    /// Activations are float32 sums of 32 products of size up to 1, and no golden one lies so near its threshold that
    /// rounding decides about it: columns of means are off by some 1e-7 of the largest mean, densities by nothing but the
    /// division's rounding.
    private static let tolerance = 1e-6

    @Test(
        "a dictionary on the embeddings gives the columns of the independent program", arguments: ["standard", "topk"])
    func columns(rule: String) throws {
        let models = try TinyModels()
        let run = try BundleRun(Self.job(rule == "standard" ? "sae-pre-0" : "sae-pre-0-topk"), models: models.path)
        try #require(run.end.state == .done, "\(run.end)")
        let golden = try TensorFile("\(TinyModels.tests)/BundleTests/Goldens/embeddings.safetensors").tensors
        let names = ["mean_base", "mean_tuned", "density_base", "density_tuned", "delta", "prompt_delta"]
        for mask in ["all", "content", "last"] {
            let expected = try names.map { try #require(golden["\(rule)/\(mask)/\($0)"]).doubles }
            let scale = try #require(expected[0].max())
            // The embeddings differ, and it shows; or there would be nothing to compare.
            #expect(scale > 0.1 && expected[4].contains { abs($0) > 0.1 * scale })
            let found = try columns("rolled", mask, of: run)
            var largest = LargestDifference()
            for (name, wanted) in zip(names, expected) {
                let size = name.hasPrefix("density") ? 1 : scale
                largest.add(try #require(found[name]), wanted, relativeTo: .value(size), at: name)
            }
            print("embeddings, \(rule), mask \(mask): largest difference relative to the largest mean \(largest)")
            #expect(largest.count == names.count * 64 && largest.value < Self.tolerance)

            // An adapter does not touch the embeddings, nor does a checkpoint that has the same ones.
            for tuned in ["adapted", "whole"] {
                let same = try columns(tuned, mask, of: run)
                for name in ["delta", "prompt_delta", "t"] {
                    #expect(same[name] == [Double](repeating: 0, count: 64), "\(tuned), \(mask): \(name)")
                }
                #expect(same["mean_base"] == found["mean_base"] && same["mean_tuned"] == found["mean_base"])
            }
        }
    }

    private static func job(_ dictionary: String) -> String {
        """
        name: embeddings
        base: base
        tuned:
          - {name: adapted, adapter: adapter}
          - {name: whole, checkpoint: tuned}
          - {name: rolled, checkpoint: rolled}
        prompts: {path: prompts.jsonl}
        hooks: [{layer: 0, site: resid_pre, sae: \(dictionary)}]
        masks: [all, content, last]
        shard_tokens: 200
        """
    }

    private func columns(_ tuned: String, _ mask: String, of run: BundleRun) throws -> [String: [Double]] {
        try TensorFile("\(run.bundle)/latents.\(tuned).resid_pre.0.\(mask).safetensors").tensors.mapValues(\.doubles)
    }
}
