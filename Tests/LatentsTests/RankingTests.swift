import Inputs
import TestSupport
import Testing
@testable import Latents

@Suite struct RankingTests {
    private func columns(_ delta: [Double]) -> LatentColumns {
        var columns = LatentColumns(latents: delta.count)
        columns.append("delta", delta)
        columns.append("density_base", delta.map { _ in 0.25 })
        columns.append("density_tuned", delta.map { 0.25 - $0 / 100 })
        return columns
    }

    @Test func largestComeFirstAndOfEqualsTheLowerLatent() throws {
        let ranking = try Ranking(columns([0, 2, -1, 2, -1, 0]), by: .delta, top: 3, bottom: 3)
        #expect(ranking.top.map(\.latent) == [1, 3, 0])
        // The same order read from the back, as the reference implementation does.
        #expect(ranking.bottom.map(\.latent) == [4, 2, 5])
        #expect(ranking.top[0].values == [2, 0.25, 0.23])
    }

    @Test func densityRanksByItsRise() throws {
        let ranking = try Ranking(columns([0, 2, -1]), by: .density, top: 5, bottom: 0)
        #expect(ranking.top.map(\.latent) == [2, 0, 1] && ranking.bottom.isEmpty)
    }

    @Test func aRankingByAColumnThatIsNotThereIsRefused() throws {
        let text = try complaint { _ = try Ranking(columns([1]), by: .t, top: 1, bottom: 1) }
        #expect(text == "result: expected a column 't', found delta, density_base, density_tuned")
    }

    @Test func csvHoldsBothListsInFullPrecision() throws {
        let ranking = try Ranking(columns([0.1 + 0.2, -1e-300]), by: .delta, top: 1, bottom: 1)
        #expect(
            ranking.csv
                == "list,rank,latent,delta,density_base,density_tuned\r\ntop,1,0,0.30000000000000004,0.25,0.247\r\n"
                + "bottom,1,1,-1e-300,0.25,0.25\r\n")
    }

    @Test func theTableIsAligned() throws {
        let counts = [3, 4]
        let spec = try spec(tuned: ["{name: v, adapter: a}", "{name: c, adapter: b, control: true}"])
        let rows: [[SparseRow]] = [[[], []], [[(12, 30, 3)], [(12, 50, 4)]], [[(12, 3, 1)], []]]
        let diff = try diffs(spec, task(spec, latents: 13), prompts(counts), rows)[0]
        let ranking = try Ranking(diff.columns, by: .delta, top: 2, bottom: 0)
        let lines = RankingTable(ranking.top, names: ranking.names).description.split(separator: "\n")
        #expect(
            lines[0].split(separator: "  ", omittingEmptySubsequences: true).map { $0.trimmingPrefix(" ") } == [
                "rank", "latent", "delta", "mean base → tuned", "density base → tuned", "prompt_delta", "t", "q",
                "delta_minus_c",
            ])
        #expect(lines[1].contains("12  +11.4286"))
        #expect(lines[1].contains("0.0000 → 11.4286") && lines[1].contains("0.00% → 100.00%"))
        #expect(lines[1].hasSuffix("+11.0000"))
        #expect(Set(lines.map(\.count)).count == 1)
    }
}
