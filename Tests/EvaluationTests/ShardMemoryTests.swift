import Compute
import Foundation
import Inputs
@testable import Latents
import Prompts
import Testing
import Transformers
@testable import Evaluation

/// The same results, however little memory there is and however a shard is cut into batches.
@Suite struct ShardMemoryTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("ProcessTests/Fixtures").path

    private let task: DiffTask
    private let work: ShardWork

    init() {
        func input(_ name: String) -> TaskInput {
            .init(path: "\(Self.fixtures)/\(name)", digest: Digest(of: name))
        }
        func hook(_ layer: Int, _ site: HookPoint.Site) -> DiffTask.Hook {
            .init(point: HookPoint(layer: layer, site: site), dictionary: input("sae"), latents: 64)
        }
        task = DiffTask(
            base: input("base"),
            tuned: [
                .init(name: "whole", form: .checkpoint, input: input("tuned")),
                .init(name: "adapted", form: .adapter, input: input("adapter")),
                .init(name: "itself", form: .checkpoint, input: input("base")),
            ],
            hooks: [hook(2, .residPost)], masks: [.all, .last])
        work = ShardWork(
            index: 7,
            prompts: (0..<40).map { index in
                let length = 3 + index * 7 % 50
                return PromptTokens(
                    index: index, ids: (0..<length).map { UInt32(($0 * 13 + index * 5) % 256) },
                    masks: (0..<length).map { $0 == 0 ? 0 : $0 == length - 1 ? 3 : 1 })
            })
    }

    private func evaluator(
        _ memory: Int, _ plans: Plans = Plans(), threads: Int = 2, streamed: Int? = nil,
        results: Int = MemoryPlan.Needs().results
    ) throws -> ShardEvaluator {
        var room = HookedModels.Room(memory: memory)
        room.streamedDictionaries = streamed
        room.results = results
        return try ShardEvaluator(
            task, inputs: task.inputs, threads: Threads(threads), room: room, planned: { plans.made.append($0) })
    }

    private final class Plans {
        var made: [MemoryPlan] = []
    }

    /// Bytes for batches of this many tokens.
    private func memory(_ needs: MemoryPlan.Needs, tokens: Int) -> Int {
        needs.fixed + 64 * needs.perTokenOfLongest + tokens * needs.perToken
    }

    @Test("results are the same in one batch and in several")
    func anyBatches() throws {
        let whole = try evaluator(1 << 40)
        let expected = try whole.evaluate(work) {}
        #expect(
            whole.models.needs.forward.layerCount == 4,
            "three layers of the base, and one that is the tuned checkpoint's own")
        for threads in [1, 2] {
            let evaluator = try evaluator(1 << 40, threads: threads)
            var batches: Set<Int> = []
            for tokens in [60, 200, 2000, 60] {
                #expect(try evaluator.evaluate(work, batchTokens: tokens) {} == expected)
                batches.insert(ShardPlan.even(work.prompts.map(\.ids.count), upTo: tokens).count)
            }
            #expect(batches.contains(1) && batches.contains { $0 > 5 }, "\(batches)")
        }
    }

    @Test("results are the same when the dictionary is read for each batch")
    func streamedDictionary() throws {
        let plans = Plans()
        let streamed = try evaluator(1 << 40, plans, streamed: 1)
        let expected = try evaluator(1 << 40).evaluate(work) {}
        #expect(try streamed.evaluate(work) {} == expected)
        #expect(try streamed.evaluate(work, batchTokens: 200) {} == expected)
        #expect(plans.made[0].description.contains("(1 of 1 read for each batch)"))
    }

    @Test("as many dictionaries are loaded as leave room for the rest")
    func dictionariesThatFit() throws {
        let hook = DiffTask.Hook(point: HookPoint(layer: 2, site: .residPost), dictionary: task.base, latents: 1 << 17)
        let wide = DiffTask(base: task.base, tuned: task.tuned, hooks: [hook, hook], masks: [.all])
        var forward = ForwardMemory()
        forward.perToken = 64 << 10
        forward.weights = 600 << 20
        func needs(_ limit: Int) -> MemoryPlan.Needs {
            EvaluationSizes(hooks: wide.hooks.map(\.evaluated), forward: forward, width: 2048, threads: 4).needs(
                limit: limit)
        }
        #expect(needs(64 << 30).streamedDictionaries == 0)
        #expect(needs(3 << 30).streamedDictionaries == 1)
        #expect(needs(2 << 30).streamedDictionaries == 2)
        #expect(needs(2 << 30).dictionaryCount == 2)
        for gibibytes in [2, 3, 5, 64] {
            let plan = try MemoryPlan(needs(gibibytes << 30), limit: gibibytes << 30, tokens: 4096, longest: 1000)
            #expect(plan.bytes <= gibibytes << 30)
        }
        // With less than that nothing fits; the message tells what would.
        #expect(needs(1 << 20).streamedDictionaries == 2)
    }

    @Test("in the least memory that will do the result is the same")
    func leastMemory() throws {
        let plans = Plans()
        let needs = try evaluator(1 << 40).models.needs
        let small = try evaluator(memory(needs, tokens: 64), plans, streamed: 0)
        #expect(try small.evaluate(work) {} == evaluator(1 << 40).evaluate(work) {})
        #expect(plans.made.map(\.batchTokens) == [64])
    }

    @Test("each batch of prompts computes each layer of each stream once")
    func batchesAreWhole() throws {
        let needs = try evaluator(1 << 40).models.needs
        let small = try evaluator(memory(needs, tokens: 64), streamed: 0)
        var steps = 0
        let result = try small.evaluate(work) { steps += 1 }
        let count = ShardPlan.even(work.prompts.map(\.ids.count), upTo: try #require(small.models.plan).batchTokens)
            .count
        // Base and what shares its stream, the adapter from layer 1 on, the tuned checkpoint from layer 1 on.
        #expect(steps == count * (3 + 2 + 2))
        #expect(result.tables.allSatisfy { $0.rowCount == work.prompts.count })
        #expect(
            result.tables[task.tableIndex(checkpoint: 0, hook: 0, mask: 0)]
                == result.tables[task.tableIndex(checkpoint: 3, hook: 0, mask: 0)])
    }

    @Test("as results grow batches become smaller, and the result is the same")
    func growingResults() throws {
        let needs = try evaluator(1 << 40, results: 0).models.needs
        let small = try evaluator(memory(needs, tokens: 300), streamed: 0, results: 0)
        var steps = 0
        let result = try small.evaluate(work) { steps += 1 }
        #expect(try result == evaluator(1 << 40).evaluate(work) {})
        let count = ShardPlan.even(work.prompts.map(\.ids.count), upTo: try #require(small.models.plan).batchTokens)
            .count
        #expect(steps > 7 * count, "\(steps) steps, \(count) batches of a fixed size")
        // Where they leave no room for a prompt, it is said so.
        let least = try evaluator(memory(needs, tokens: 64), streamed: 0, results: 0)
        let error = #expect(throws: InputError.self) { try least.evaluate(work) {} }
        #expect(error?.kind == .temporary && error?.hint.contains("shard_tokens") == true)
    }

    @Test("a larger shard makes a new plan; a smaller one does not")
    func growing() throws {
        let plans = Plans()
        let needs = try evaluator(1 << 40).models.needs
        let evaluator = try evaluator(memory(needs, tokens: 1024), plans, streamed: 0)
        let single = ShardWork(index: 0, prompts: Array(work.prompts.prefix(2)))
        let first = try evaluator.evaluate(single) {}
        #expect(try evaluator.evaluate(work) {} == self.evaluator(1 << 40).evaluate(work) {})
        #expect(try evaluator.evaluate(single) {} == first)
        #expect(
            evaluator.models.plan?.tokens == 2048 && plans.made.last?.description == evaluator.models.plan?.description)
    }

    @Test("a prompt without room is refused by name of the limit, and the next shard is computed")
    func longPrompt() throws {
        let needs = try evaluator(1 << 40).models.needs
        let small = try evaluator(memory(needs, tokens: 64), streamed: 0)
        let long = PromptTokens(index: 0, ids: Array(repeating: 5, count: 200), masks: Array(repeating: 1, count: 200))
        let error = #expect(throws: InputError.self) {
            try small.evaluate(ShardWork(index: 0, prompts: [long])) {}
        }
        #expect(error?.place == "--memory" && error?.kind == .temporary)
        #expect(error?.expected.hasSuffix("for a prompt of 200 tokens") == true)
        #expect(throws: Never.self) { try small.evaluate(work) {} }
        #expect(#expect(throws: InputError.self) { try evaluator(64 << 20) }?.kind == .configuration)
    }
}
