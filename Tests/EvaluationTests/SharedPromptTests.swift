import Compute
import Foundation
import Inputs
@testable import Latents
import Prompts
import Testing
@testable import Evaluation

/// A shard's result is that of its prompts alone, byte for byte, whatever they have in common.
@Suite struct SharedPromptTests {
    private static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().path + "/ProcessTests/Fixtures"

    private static func input(_ name: String) -> TaskInput {
        .init(path: "\(fixtures)/\(name)", digest: Digest(of: name))
    }

    private static let task = DiffTask(
        base: input("base"),
        tuned: [
            .init(name: "adapted", form: .adapter, input: input("adapter")),
            .init(name: "whole", form: .checkpoint, input: input("tuned")),
        ],
        hooks: [
            .init(point: HookPoint(layer: 2, site: .residPost), dictionary: input("sae"), latents: 64)
        ],
        masks: [.all, .content, .last])

    /// One template around different questions, nested branches, a prompt twice, one that is another's beginning, one that
    /// has nothing in common with the rest. Masks are drawn token by token: a shared row may be masked in one prompt only.
    private static func prompts() -> [PromptTokens] {
        func text(_ count: Int, _ seed: Int) -> [UInt32] {
            (0..<count).map { UInt32(($0 * 31 + seed * 17 + $0 * $0 * seed) % 272) }
        }
        let (template, system) = (text(30, 1), text(262, 2))
        var sequences = (0..<5).map { template + text(3 + 4 * $0, 3 + $0) }
        sequences += (0..<3).map { template + system + text(10 * $0 + 1, 9 + $0) }
        sequences += [sequences[2], template, text(20, 40), template + system]
        return sequences.enumerated().map { index, ids in
            let masks = ids.indices.map { token -> UInt8 in
                token == ids.count - 1 ? 5 : UInt8((token * 7 + index * 13 + token * index) % 4)
            }
            return PromptTokens(index: index, ids: ids, masks: masks)
        }
    }

    /// Row `row` of sums, in bits.
    private static func entries(_ sums: LatentSums, row: Int) -> [[UInt64]] {
        (sums.rowStarts[row]..<sums.rowStarts[row + 1]).map {
            [UInt64(sums.latents[$0]), sums.sums[$0].bitPattern, UInt64(sums.active[$0])]
        }
    }

    @Test(arguments: [1, 3])
    func aResultIsThatOfItsPromptsAlone(threads: Int) throws {
        let prompts = Self.prompts()
        let evaluator = try ShardEvaluator(Self.task, threads: Threads(threads))
        let together = try evaluator.evaluate(ShardWork(index: 0, prompts: prompts), afterLayer: {})
        #expect(together.tables.count == Self.task.tableCount)
        var compared = 0
        for (index, prompt) in prompts.enumerated() {
            let alone = try evaluator.evaluate(ShardWork(index: 0, prompts: [prompt]), afterLayer: {})
            #expect(together.tokenCounts.map { $0[index] } == alone.tokenCounts.map { $0[0] })
            for (table, sums) in together.tables.enumerated() {
                let found = Self.entries(sums, row: index)
                #expect(found == Self.entries(alone.tables[table], row: 0), "prompt \(index), table \(table)")
                compared += found.count
            }
        }
        #expect(compared > 1000)
    }

    @Test func residualsAreThoseOfPromptsAlone() throws {
        let prompts = Self.prompts()
        let evaluator = try ShardEvaluator(Self.task, threads: Threads(2))
        let together = try evaluator.residuals(ShardWork(index: 0, prompts: prompts), hook: 0)
        let alone = try prompts.map { try evaluator.residuals(ShardWork(index: 0, prompts: [$0]), hook: 0) }
        #expect(together.count == 3)
        for checkpoint in together.indices {
            #expect(together[checkpoint] == alone.flatMap { $0[checkpoint] })
            #expect(together[checkpoint].count == prompts.reduce(0) { $0 + $1.ids.count } * 32)
        }
    }
}
