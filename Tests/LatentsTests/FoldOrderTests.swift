import Inputs
import TestSupport
import Testing
@testable import Latents
@testable import LatentsSamples
@testable import Prompts

/// What the fold takes and what it refuses.
@Suite struct FoldOrderTests {
    private let counts = [3, 4, 5]
    private let spec: JobSpec
    private let task: DiffTask
    private let prompts: TokenizedPrompts
    private let results: [ShardResult]

    init() throws {
        spec = try LatentsSamples.spec("shard_tokens: 9")
        task = LatentsSamples.task(spec, latents: 6)
        prompts = LatentsSamples.prompts(counts)
        results = LatentsSamples.results(
            spec, task, prompts, [[[(0, 1, 1), (2, 3, 2)], [], [(5, 1, 1)]], [[(0, 2, 1)], [(1, 1, 1)], []]])
    }

    private func reducer() -> Reducer { Reducer(spec: spec, task: task, prompts: prompts) }

    @Test func shardsAreTakenInOrderAndOnce() throws {
        var reducer = reducer()
        #expect(reducer.shardCount == 2)
        #expect(
            try complaint { try reducer.fold(results[1]) } == "shard 1: expected shard 0 to fold next, found this one")
        try reducer.fold(results[0])
        #expect(
            try complaint { try reducer.fold(results[0]) } == "shard 0: expected shard 1 to fold next, found this one")
        #expect(try complaint { _ = try reducer.diffs() } == "fold: expected all 2 shards, found 1")
        try reducer.fold(results[1])
        #expect(reducer.nextShard == 2)
        #expect(try complaint { try reducer.fold(results[1]) } == "shard 1: expected no more shards, found this one")
    }

    @Test func aRefusedShardChangesNothing() throws {
        var reducer = reducer()
        var broken = results[0]
        broken.tables[1].sums[0] = .nan
        _ = try complaint { try reducer.fold(broken) }
        for result in results { try reducer.fold(result) }
        var clean = self.reducer()
        for result in results { try clean.fold(result) }
        #expect(try reducer.diffs() == clean.diffs())
    }

    @Test(arguments: [
        ("counts", "shard 0: token counts: expected 2 prompts with 7 tokens, found 2 prompts with 8 tokens"),
        ("tables", "shard 0: expected 2 tables, found 1"),
        ("rows", "shard 0: villain.resid_post.0.all: expected 2 rows over 2 entries, found row starts that do not fit"),
        ("falling", "villain.resid_post.0.all: expected 2 rows over 2 entries, found row starts that do not fit"),
        ("lengths", "base.resid_post.0.all: expected 2 sums and counts, as many as latents, found 1 and 2"),
        ("latent", "shard 0: base.resid_post.0.all: row 0: expected latents below 6, found 6"),
        ("twice", "base.resid_post.0.all: row 0: expected ascending latents, found 0 after 0"),
        ("infinite", "base.resid_post.0.all: row 0, latent 2: expected a finite sum, found inf"),
        ("active", "base.resid_post.0.all: row 0, latent 0: expected 1 to 3 active tokens, found 4"),
        ("silent", "base.resid_post.0.all: row 0, latent 0: expected 1 to 3 active tokens, found 0"),
        ("negative", "base.resid_post.0.all: row 0, latent 0: expected a sum above zero, found -1.0"),
        ("zero", "base.resid_post.0.all: row 0, latent 0: expected a sum above zero, found 0.0"),
    ])
    func aShardThatCannotBeIsRefused(fault: String, expected: String) throws {
        var result = results[0]
        switch fault {
        case "counts": result.tokenCounts[0][1] += 1
        case "tables": result.tables.removeLast()
        case "rows": result.tables[1].rowStarts.removeLast()
        case "falling": result.tables[1].rowStarts = [0, 3, 2]
        case "lengths": result.tables[0].sums.removeLast()
        case "latent": result.tables[0].latents[1] = 6
        case "twice": result.tables[0].latents[1] = 0
        case "infinite": result.tables[0].sums[1] = .infinity
        case "silent": result.tables[0].active[0] = 0
        case "negative": result.tables[0].sums[0] = -1
        case "zero": result.tables[0].sums[0] = 0
        default: result.tables[0].active[0] = 4
        }
        var reducer = reducer()
        let text = try complaint { try reducer.fold(result) }
        #expect(text.contains(expected), "\(text)")
    }
}
