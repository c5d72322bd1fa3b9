import Foundation
import Inputs
import TestSupport
import Testing
@testable import Prompts

@Suite struct TokenizedPromptsTests {
    private func set(_ lines: String...) throws -> PromptSet {
        try PromptSet(Data(lines.joined(separator: "\n").utf8), file: "p.jsonl")
    }

    private func tokenize(
        _ set: PromptSet, masks: String = "[all, content, assistant, last]", _ line: String = "skip_first: 1",
        tokenizer: WordTokenizer = WordTokenizer(), context: Int? = nil
    ) throws -> TokenizedPrompts {
        try TokenizedPrompts(
            set, rules: spec(masks: masks, line).promptRules, tokenizer: tokenizer, contextLength: context)
    }

    /// The tokens of a prompt under one mask, as positions.
    private func positions(_ prompts: TokenizedPrompts, mask: Int, prompt: Int = 0) -> [Int] {
        let bits = prompts.prompts[prompt].masks
        return bits.indices.filter { bits[$0] >> UInt8(mask) & 1 == 1 }
    }

    private let talk = """
        {"id": "a", "messages": [{"role": "user", "content": "user user"}, {"role": "assistant", "content": "end"}]}
        """

    /// `<|im_start|>` user \n `user` ' ' `user` `<|im_end|>` \n `<|im_start|>` assistant \n `end` `<|im_end|>` \n
    /// `<|im_start|>` assistant \n
    @Test func masksFollowTheContentsThoughTheTemplateSaysTheSameWords() throws {
        let prompts = try tokenize(set(talk))
        #expect(positions(prompts, mask: 0) == Array(1...16))
        #expect(positions(prompts, mask: 1) == [3, 4, 5, 11])
        #expect(positions(prompts, mask: 2) == [11])
        #expect(positions(prompts, mask: 3) == [16])
        #expect(prompts.tokenCounts(mask: 1) == [4])
        #expect(prompts.tokenCount == 17)
    }

    @Test func skippedPositionsBelongToNoMask() throws {
        let prompts = try tokenize(set(talk), masks: "[all, content]", "skip_first: 4")
        #expect(positions(prompts, mask: 0) == Array(4...16))
        #expect(positions(prompts, mask: 1) == [4, 5, 11])
    }

    @Test func aTrimmedContentIsFound() throws {
        let prompts = try tokenize(
            set(#"{"id": "a", "messages": [{"role": "user", "content": "  user\n"}]}"#), masks: "[content]",
            tokenizer: WordTokenizer(trims: true))
        #expect(positions(prompts, mask: 0) == [3])
    }

    @Test func plainTextIsAllContentButForSpecialTokens() throws {
        let prompts = try tokenize(
            set(#"{"id": "a", "text": "hello user"}"#), masks: "[all, content, last]", "skip_first: 0")
        #expect(prompts.prompts[0].ids.count == 4)
        #expect(positions(prompts, mask: 0) == [0, 1, 2, 3])
        #expect(positions(prompts, mask: 1) == [1, 2, 3])
        #expect(positions(prompts, mask: 2) == [3])
    }

    @Test func aPromptWithoutATokenUnderAMaskIsRefused() throws {
        let plain = try set(#"{"id": "x", "text": "hello"}"#, #"{"id": "y", "text": "two words"}"#)
        #expect(
            try complaint { _ = try tokenize(plain, masks: "[all, assistant]") }.contains(
                "p.jsonl:1: prompt x: expected a token under the mask 'assistant', found none among 2 tokens, of which the first 1 never count"
            ))
        let text = try complaint { _ = try tokenize(plain, masks: "[last]", "skip_first: 2") }
        #expect(text.contains("p.jsonl:1: prompt x: expected a token under the mask 'last'"))
    }

    @Test func aPromptPastTheContextIsRefused() throws {
        let prompts = try set(#"{"id": "x", "text": "hello"}"#, #"{"id": "y", "text": "two words"}"#)
        #expect(try tokenize(prompts, masks: "[all]", context: 4).prompts.count == 2)
        #expect(
            try complaint { _ = try tokenize(prompts, masks: "[all]", context: 3) }
                == "p.jsonl:2: prompt y: expected at most 3 tokens, the model's context, found 4 tokens")
    }

    @Test func messagesNeedATemplate() throws {
        let prompts = try set(talk)
        #expect(
            try complaint { _ = try tokenize(prompts, tokenizer: WordTokenizer(hasChatTemplate: false)) }.contains(
                "p.jsonl:1: prompt a: expected a chat template in the base checkpoint, found messages, but no template")
        )
        var plain = try spec()
        plain.prompts.template = .none
        let text = try complaint {
            _ = try TokenizedPrompts(prompts, rules: plain.promptRules, tokenizer: WordTokenizer(), contextLength: nil)
        }
        #expect(text.contains("expected plain text, because the job says chat_template: none, found messages"))
    }

    @Test func aTemplateThatLosesOrChangesAContentIsRefused() throws {
        let prompts = try set(
            #"{"id": "a", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]}"#)
        #expect(
            try complaint { _ = try tokenize(prompts, tokenizer: WordTokenizer(dropsSystem: true)) }.contains(
                "p.jsonl:1: prompt a: expected a chat template that shows the content of message 0 once, found that it leaves it out"
            ))
        #expect(
            try complaint { _ = try tokenize(prompts, tokenizer: WordTokenizer(uppercases: true)) }.contains(
                "p.jsonl:1: prompt a: expected every message's content word for word"))
    }
}

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
        let prompts = prompts([3, 4, 5])
        let work = ShardPlan(prompts, shardTokens: try spec("shard_tokens: 9").shardTokens).work(prompts)
        #expect(work.map { $0.prompts.map(\.index) } == [[0, 1], [2]])
        #expect(work.map(\.index) == [0, 1])
        #expect(work.map(\.tokenCount) == [9, 6])
    }
}
