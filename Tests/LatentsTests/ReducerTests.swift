import Inputs
import TestSupport
import Testing
@testable import Latents
@testable import LatentsSamples

@Suite struct ReducerTests {
    /// Every column against numpy and scipy. 1e-9 relative for p and q is what users are promised; the others come from
    /// sums of at most 70 doubles in another order, t from a difference with up to four digits cancelled.
    @Test func everyColumnIsNumpysAndScipys() throws {
        let golden = try Goldens().root.required("diff")
        let counts = try golden.required("tokens").list().map { try $0.integer() }
        let latents = try golden.required("latents").integer()
        let spec = try spec(
            "shard_tokens: 60", "permutations: \(golden.required("permutations").integer())",
            "seed: \(golden.required("seed").integer())", "rank: {top: \(golden.required("top").integer())}")
        let ids = try golden.required("ids").list().map { try $0.string() }
        let diff = try #require(
            try diffs(
                spec, task(spec, latents: latents), prompts(counts, ids: ids),
                [rows(golden.required("base")), rows(golden.required("tuned"))]
            ).first)
        let expected = try golden.required("columns")
        #expect(Set(diff.columns.names) == Set(try expected.object().keys))
        for name in diff.columns.names {
            let wanted = try Goldens.numbers(expected.required(name))
            // Relative to each value, or to the column's largest.
            let size = wanted.map(abs).max() ?? 0
            let scale: LargestDifference.Scale = ["p", "q"].contains(name) ? .each() : .value(size > 0 ? size : 1)
            var largest = LargestDifference()
            largest.add(try diff.columns.required(name), wanted, relativeTo: scale, at: name)
            print("\(name), largest difference: \(largest)")
            #expect(largest.value < 1e-9, "\(name)")
        }
        #expect(diff.fired == (try golden.required("fired").integer()))
        try compare(diff.splitHalf, golden.required("split"))
    }

    private func compare(_ half: SplitHalf, _ golden: Document) throws {
        let found = [half.promptsA, half.promptsB, half.tested, half.sameSign, half.pBelow, half.qBelow]
        let names = ["prompts_a", "prompts_b", "tested", "same_sign", "p_below", "q_below"]
        #expect(try found == names.map { try golden.required($0).integer() })
        var largest = LargestDifference()
        largest.add(try #require(half.spearman), try golden.required("spearman").number(), at: "spearman")
        #expect(largest.value < 1e-12)
    }

    private func rows(_ list: Document) throws -> [SparseRow] {
        try list.list().map { row in
            try row.list().map { entry in
                let entry = try entry.list()
                return (try entry[0].integer(), try entry[1].number(), try entry[2].integer())
            }
        }
    }

    @Test func baseAgainstItselfIsExactlyZero() throws {
        let counts = (0..<40).map { $0 % 7 + 2 }
        let rows = randomRows(counts, latents: 50, rate: 0.4, seed: 11)
        let spec = try spec(
            tuned: ["{name: same, adapter: a}", "{name: again, adapter: b, control: true}"], masks: "[all, content]",
            hooks: 2, "shard_tokens: 30", "permutations: 20")
        let prompts = prompts(counts, masks: spec.masks)
        for diff in try diffs(spec, task(spec, latents: 50), prompts, [rows, rows, rows]) {
            for name in diff.columns.names {
                let column = try diff.columns.required(name)
                switch name {
                case "mean_base", "mean_tuned", "density_base", "density_tuned":
                    #expect(column.contains { $0 > 0 })
                case "p", "q", "p_permutation":
                    #expect(column.allSatisfy { $0 == 1 }, "\(name)")
                default:
                    #expect(column.allSatisfy { $0 == 0 }, "\(name)")
                }
            }
            #expect(diff.splitHalf.sameSign == 0 && diff.splitHalf.spearman == nil)
        }
    }

    @Test func exchangingBaseAndTunedTurnsEverySignAndNothingElse() throws {
        let counts = (0..<30).map { $0 % 5 + 1 }
        let (one, two) = (
            randomRows(counts, latents: 30, rate: 0.5, seed: 1), randomRows(counts, latents: 30, rate: 0.5, seed: 2)
        )
        let spec = try spec("shard_tokens: 20", "permutations: 50")
        let forth = try diffs(spec, task(spec, latents: 30), prompts(counts), [one, two])[0].columns
        let back = try diffs(spec, task(spec, latents: 30), prompts(counts), [two, one])[0].columns
        for name in ["delta", "prompt_delta", "t", "cohens_d", "delta_half_a", "delta_half_b"] {
            #expect(try forth.required(name) == back.required(name).map { -$0 }, "\(name)")
        }
        for name in ["p", "q", "p_permutation"] { #expect(forth[name] == back[name], "\(name)") }
        #expect(forth["mean_base"] == back["mean_tuned"] && forth["density_base"] == back["density_tuned"])
    }

    @Test func theSameDifferenceOnEveryPromptHasNoTAndNoP() throws {
        let counts = [Int](repeating: 3, count: 16)
        let base: [SparseRow] = counts.map { _ in [(0, 0.3, 1)] }
        let tuned: [SparseRow] = counts.map { _ in [(0, 0.9, 1)] }
        let spec = try spec()
        let columns = try diffs(spec, task(spec, latents: 2), prompts(counts), [base, tuned])[0].columns
        #expect(try columns.required("t") == [0, 0] && columns.required("p") == [1, 1])
        #expect(try columns.required("cohens_d") == [0, 0])
        #expect(abs(try columns.required("prompt_delta")[0] - 0.2) < 1e-15)
    }

    @Test func onePromptIsEnoughForMeansButNotForATest() throws {
        let spec = try spec()
        let diff = try diffs(spec, task(spec, latents: 1), prompts([4]), [[[(0, 2, 1)]], [[(0, 6, 3)]]])[0]
        #expect(diff.columns["delta"] == [1] && diff.columns["density_tuned"] == [0.75])
        #expect(diff.columns["t"] == [0] && diff.columns["p"] == [1] && diff.columns["q"] == [1])
    }

    @Test func everyResultButAControlsOwnGetsAColumnForEachControl() throws {
        let counts = [4, 5, 6]
        let rows = (0..<4).map { randomRows(counts, latents: 8, rate: 0.8, seed: UInt64($0)) }
        let spec = try spec(
            tuned: [
                "{name: v, adapter: a}", "{name: c1, adapter: b, control: true}",
                "{name: c2, adapter: c, control: true}",
            ])
        let diffs = try diffs(spec, task(spec, latents: 8), prompts(counts), rows)
        #expect(diffs.map(\.tuned) == ["v", "c1", "c2"])
        #expect(diffs[0].columns.names.suffix(2) == ["delta_minus_c1", "delta_minus_c2"])
        let (delta, control) = (try diffs[0].columns.required("delta"), try diffs[2].columns.required("delta"))
        #expect(try diffs[0].columns.required("delta_minus_c2") == zip(delta, control).map { $0 - $1 })
        #expect(diffs[1].columns.names.allSatisfy { !$0.hasPrefix("delta_minus") })
    }

    @Test func thePermutationTestAgreesWithAllFlipsOfAFewPrompts() throws {
        // Three equal differences: |S_r| ≥ |S| only when all signs agree, 2 flips of 8.
        let spec = try spec("permutations: 4000")
        let counts = [1, 1, 1]
        let tuned: [SparseRow] = counts.map { _ in [(0, 1.5, 1)] }
        let columns = try diffs(spec, task(spec, latents: 1), prompts(counts), [counts.map { _ in [] }, tuned])[0]
            .columns
        let p = try columns.required("p_permutation")[0]
        print("permutation p: \(p), of all flips 0.25")
        // Four standard deviations of a share of 4000 draws.
        #expect(abs(p - 0.25) < 0.028)
    }

    @Test func thePermutationTestRefusesToFillTheMemory() throws {
        let counts = [2, 2]
        let rows = randomRows(counts, latents: 10, rate: 1, seed: 4)
        let spec = try spec("permutations: 5", "shard_tokens: 3")
        let prompts = prompts(counts)
        let task = task(spec, latents: 10)
        let results = results(spec, task, prompts, [counts.map { _ in [] }, rows])
        var reducer = Reducer(spec: spec, task: task, prompts: prompts, mostDifferences: 15)
        try reducer.fold(results[0])
        let text = try complaint { try reducer.fold(results[1]) }
        #expect(
            text.contains(
                "shard 1: expected at most 15 differences for the permutation test, found 10 and up to 10 more"))
        #expect(text.contains("permutations: 0"))
    }
}
