import Inputs
import TestSupport
import Testing
@testable import Latents
@testable import LatentsSamples
@testable import Prompts

/// A reducer that skips shards against one that never knew their prompts.
@Suite struct SkippedShardTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func theStatisticsAreThoseOfTheJobWithoutTheirPrompts(seed: UInt64) throws {
        let job = try RandomJob(seed: seed)
        let missing = Set(job.results.indices.filter { _ in Bool.random(using: &job.random) }.dropLast())
        var reducer = job.reducer()
        for (shard, result) in job.results.enumerated() {
            if missing.contains(shard) { try reducer.skip() } else { try reducer.fold(result) }
        }
        #expect(reducer.skipped == missing.sorted())

        let left = job.plan.indices.filter { !missing.contains($0) }.flatMap { job.plan[$0] }
        let found = try reducer.diffs()
        let expected = try diffs(
            job.spec, job.task,
            prompts(left.map { job.counts[$0] }, ids: left.map { job.ids[$0] }, masks: job.spec.masks),
            job.rows.map { rows in left.map { rows[$0] } })
        #expect(found == expected)
        for (found, expected) in zip(found, expected) {
            for name in expected.columns.names {
                let bits = (found.columns[name] ?? []).map(\.bitPattern)
                #expect(bits == (expected.columns[name] ?? []).map(\.bitPattern), "\(name)")
            }
        }
    }

    @Test func withoutAnyShardThereIsNoResult() throws {
        let job = try RandomJob(seed: 1)
        var reducer = job.reducer()
        for _ in job.results { try reducer.skip() }
        let count = job.results.count
        #expect(
            try complaint { _ = try reducer.diffs() }
                == "fold: expected a shard with a result, found none among \(count)")
        #expect(
            try complaint { try reducer.skip() } == "shard \(count): expected no more shards, found one to skip")
    }

    @Test func aSkippedShardIsNotTakenLater() throws {
        let job = try RandomJob(seed: 2)
        var reducer = job.reducer()
        try reducer.skip()
        #expect(
            try complaint { try reducer.fold(job.results[0]) }
                == "shard 0: expected shard 1 to fold next, found this one")
    }
}

/// A job with several shards, checkpoints, hooks, masks and a permutation test, all drawn at random.
final class RandomJob {
    let spec: JobSpec
    let task: DiffTask
    let counts: [Int]
    let ids: [String]
    let rows: [[SparseRow]]
    let prompts: TokenizedPrompts
    let results: [ShardResult]
    var random: SeededGenerator

    init(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let latents = Int.random(in: 1...12, using: &random)
        let counts = (0..<Int.random(in: 12...40, using: &random)).map { _ in Int.random(in: 1...6, using: &random) }
        // Halves depend on ids: these are other ones for every seed.
        ids = counts.indices.map { "prompt-\(seed)-\($0)" }
        spec = try LatentsSamples.spec(
            tuned: ["{name: v, adapter: a}", "{name: c, adapter: b, control: true}"], masks: "[all, last]",
            hooks: 1 + Int(seed % 2), "shard_tokens: 12", "permutations: \(seed % 3 == 0 ? 0 : 15)", "rank: {top: 4}")
        task = LatentsSamples.task(spec, latents: latents)
        let state = random.state
        rows = (0..<3).map { randomRows(counts, latents: latents, rate: 0.5, seed: state &+ $0) }
        prompts = LatentsSamples.prompts(counts, ids: ids, masks: spec.masks)
        results = LatentsSamples.results(spec, task, prompts, rows)
        self.counts = counts
        self.random = random
    }

    var plan: [Range<Int>] { ShardPlan(prompts, shardTokens: spec.shardTokens).shards }

    func reducer() -> Reducer { Reducer(spec: spec, task: task, prompts: prompts) }

    func reducer(_ checkpoint: [UInt8]) throws -> Reducer {
        try Reducer(spec: spec, task: task, prompts: prompts, snapshot: checkpoint)
    }
}
