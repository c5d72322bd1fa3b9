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
        let ranking = try Ranking(columns([0, 2, -1, 2, -1, 0]), by: RankKey.delta.column, top: 3, bottom: 3)
        #expect(ranking.top.map(\.latent) == [1, 3, 0])
        // The same order read from the back, as the reference implementation does.
        #expect(ranking.bottom.map(\.latent) == [4, 2, 5])
        #expect(ranking.top[0].values == [2, 0.25, 0.23])
    }

    @Test func densityRanksByItsRise() throws {
        let ranking = try Ranking(columns([0, 2, -1]), by: RankKey.density.column, top: 5, bottom: 0)
        #expect(ranking.top.map(\.latent) == [2, 0, 1] && ranking.bottom.isEmpty)
    }

    @Test func aRankingByAColumnThatIsNotThereIsRefused() throws {
        let text = try complaint { _ = try Ranking(columns([1]), by: RankKey.t.column, top: 1, bottom: 1) }
        #expect(text == "result: expected a column 't', found delta, density_base, density_tuned")
    }

    @Test func csvHoldsBothListsInFullPrecision() throws {
        let ranking = try Ranking(columns([0.1 + 0.2, -1e-300]), by: RankKey.delta.column, top: 1, bottom: 1)
        #expect(
            ranking.csv
                == "list,rank,latent,delta,density_base,density_tuned\r\ntop,1,0,0.30000000000000004,0.25,0.247\r\n"
                + "bottom,1,1,-1e-300,0.25,0.25\r\n")
    }
}
