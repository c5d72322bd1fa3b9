import Inputs
import TestSupport
import Testing
@testable import Latents
@testable import LatentsSamples

@Suite struct SplitHalfTests {
    /// Ids of prompts by half.
    private static let ids = (0..<64).map { "prompt-\($0)" }

    /// Latent 0 falls in both halves. Latent 1 fires in half B alone: among the candidates of half A, with its delta of 0
    /// there, it would come before latent 0 and take its place.
    @Test("a latent that fires in half B alone is no candidate of half A")
    func candidatesOfHalfA() throws {
        let counts = [Int](repeating: 4, count: Self.ids.count)
        let spec = try spec("rank: {top: 1}")
        let base: [SparseRow] = Self.ids.enumerated().map { index, id in [(0, 8 + Double(index % 5), 4)] }
        let tuned: [SparseRow] = Self.ids.enumerated().map { index, id in
            [(0, 4 + Double(index % 3), 4)] + (SplitHalf.isInB(id) ? [(1, 3 + Double(index % 4), 2)] : [])
        }
        let half = try diffs(spec, task(spec, latents: 3), prompts(counts, ids: Self.ids), [base, tuned])[0].splitHalf
        #expect(half.promptsA > 10 && half.promptsB > 10)
        #expect(half.tested == 1 && half.sameSign == 1 && half.pBelow == 1)
    }

    @Test("half A has as many candidates as fired in it, however many fired in half B")
    func fewCandidates() throws {
        let counts = [Int](repeating: 4, count: Self.ids.count)
        let spec = try spec("rank: {top: 10}")
        let base: [SparseRow] = Self.ids.map { _ in [] }
        let tuned: [SparseRow] = Self.ids.map { id in
            SplitHalf.isInB(id) ? (0..<6).map { ($0, 1, 1) } : [(2, 1, 1)]
        }
        let half = try diffs(spec, task(spec, latents: 8), prompts(counts, ids: Self.ids), [base, tuned])[0].splitHalf
        #expect(half.tested == 1 && half.sameSign == 1)
    }
}

@Suite struct PermutationCancelTests {
    private struct Cancelled: Error {}

    @Test("the permutation test ends where its check throws")
    func cancelled() throws {
        let counts = [Int](repeating: 3, count: 8)
        let rows = randomRows(counts, latents: 6, rate: 0.8, seed: 3)
        let spec = try spec("permutations: 1000000")
        let (task, prompts) = (task(spec, latents: 6), prompts(counts))
        var reducer = Reducer(spec: spec, task: task, prompts: prompts)
        for result in results(spec, task, prompts, [counts.map { _ in [] }, rows]) { try reducer.fold(result) }
        var calls = 0
        #expect(throws: Cancelled.self) {
            try reducer.finish {
                calls += 1
                if calls == 5 { throw Cancelled() }
            } _: { _ in
                Issue.record("there is no result before the test's end")
            }
        }
        #expect(calls == 5)
    }
}
