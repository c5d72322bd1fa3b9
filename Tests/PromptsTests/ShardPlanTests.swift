import TestSupport
import Testing
@testable import Prompts

/// Which prompts make up which shard.
@Suite struct ShardPlanTests {
    @Test func fewShardsAreEven() {
        #expect(ShardPlan(lengths: [3, 3, 4, 1, 20, 2, 2], shardTokens: 10).shards == [0..<2, 2..<4, 4..<5, 5..<7])
        #expect(ShardPlan(lengths: [4, 4, 4, 4, 4, 1], shardTokens: 20).shards == [0..<3, 3..<6])
        #expect(ShardPlan(lengths: [20], shardTokens: 10).shards == [0..<1])
        #expect(ShardPlan(lengths: [], shardTokens: 10).shards == [])
        #expect(ShardPlan(lengths: [1, 1, 1], shardTokens: 1).shards == [0..<1, 1..<2, 2..<3])
    }

    @Test func ofManyShardsTheLastGrowSmaller() {
        let sizes = ShardPlan(lengths: [Int](repeating: 1, count: 1680), shardTokens: 100).shards.map(\.count)
        #expect(sizes.prefix(13).allSatisfy { $0 == 100 })
        #expect(sizes.dropFirst(13) == [95, 71, 53, 40, 30, 25, 25, 25, 16])
    }

    /// Left idle at the end is less than what the smallest shards take, and less than a third of what even ones leave.
    @Test(arguments: [2, 3, 4, 8, 16]) func workersOfDifferentSpeedEndTogether(workers: Int) {
        var (graded, even) = ([Double](), [Double]())
        for tokens in stride(from: workers * 800, to: workers * 800 + 800, by: 50) {
            let lengths = [Int](repeating: 1, count: tokens)
            graded.append(Self.idle(ShardPlan(lengths: lengths, shardTokens: 100).shards, workers))
            even.append(Self.idle(ShardPlan.even(lengths, upTo: 100), workers))
        }
        #expect(graded.allSatisfy { $0 < 20 }, "\(graded)")
        let (ofGraded, ofEven) = (graded.reduce(0, +), even.reduce(0, +))
        #expect(ofGraded < ofEven / 3, "\(graded), \(even)")
    }

    /// What a worker waits for the last one on the average. They take the next shard when they are done with one; a token
    /// takes the first 1, and the last a quarter more.
    private static func idle(_ shards: [Range<Int>], _ workers: Int) -> Double {
        var ends = [Double](repeating: 0, count: workers)
        for shard in shards {
            let worker = ends.indices.min { ends[$0] < ends[$1] } ?? 0
            let slowness = Double(worker) / Double(workers - 1) / 4
            ends[worker] += Double(shard.count) * (1 + slowness)
        }
        let last = ends.max() ?? 0
        return ends.reduce(0) { $0 + last - $1 } / Double(workers)
    }

    @Test func everyPlanHoldsEveryPromptOnceAndNoMoreThanFits() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            let lengths = (0..<Int.random(in: 0...40, using: &random)).map { _ in Int.random(in: 1...30, using: &random)
            }
            // Both few shards and many.
            let limit = Int.random(in: 1...50, using: &random)
            let plan = ShardPlan(lengths: lengths, shardTokens: limit)
            #expect(plan.shards.flatMap { Array($0) } == Array(lengths.indices))
            let sizes = plan.shards.map { lengths[$0].reduce(0, +) }
            #expect(zip(sizes, plan.shards).allSatisfy { $0 <= limit || $1.count == 1 })
        }
    }

    @Test func evenPlansAreAsFewAsCanBeAndTheLargestIsAsSmallAsCanBe() {
        var random = SeededGenerator(seed: 4)
        for _ in 0..<300 {
            let lengths = (0..<Int.random(in: 0...40, using: &random)).map { _ in Int.random(in: 1...30, using: &random)
            }
            let limit = Int.random(in: 1...50, using: &random)
            let even = ShardPlan.even(lengths, upTo: limit)
            #expect(even.flatMap { Array($0) } == Array(lengths.indices))
            // Those that one gets by filling them in turn are as few as can be.
            #expect(even.count == Self.filled(lengths, limit))
            // With a smaller limit than the largest that is not a single prompt there would be more of them.
            let largest = even.filter { $0.count > 1 }.map { lengths[$0].reduce(0, +) }.max() ?? 0
            if largest > 1 { #expect(Self.filled(lengths, largest - 1) > even.count) }
        }
    }

    private static func filled(_ lengths: [Int], _ limit: Int) -> Int {
        var (shards, size) = (0, Int.max / 2)
        for length in lengths {
            if size + length > limit { (shards, size) = (shards + 1, 0) }
            size += length
        }
        return shards
    }

    @Test func workHoldsThePlansPrompts() throws {
        let prompts = TokenizedPrompts(
            ids: ["a", "b", "c"],
            prompts: [4, 5, 6].enumerated().map {
                PromptTokens(
                    index: $0, ids: [UInt32](repeating: 5, count: $1), masks: [UInt8](repeating: 1, count: $1))
            }, masks: [.all])
        let work = ShardPlan(prompts, shardTokens: 9).work(prompts)
        #expect(work.map { $0.prompts.map(\.index) } == [[0, 1], [2]])
        #expect(work.map(\.index) == [0, 1])
        #expect(work.map(\.tokenCount) == [9, 6])
    }
}
