import Inputs
import TestSupport
import Testing
import Work
@testable import Latents
@testable import LatentsSamples
@testable import Prompts

@Suite struct ResultComparisonTests {
    private let spec: JobSpec
    private let task: DiffTask
    private let work: ShardWork
    private let result: ShardResult
    /// Prompt 0 has 400 active tokens in its row, of 2 to 6 each, prompt 1 has 12 over 4 latents.
    private let rows: [SparseRow] = [
        (0..<40).map { ($0, 20 + Double($0), 10) }, [(0, 80, 4), (3, 4, 4), (5, 2, 3), (9, 0.4, 1)],
    ]

    init() throws {
        spec = try LatentsSamples.spec(masks: "[all, last]", hooks: 2)
        task = LatentsSamples.task(spec, latents: 50)
        let prompts = LatentsSamples.prompts([12, 5], masks: spec.masks)
        work = ShardPlan(prompts, shardTokens: spec.shardTokens).work(prompts)[0]
        result = LatentsSamples.results(spec, task, prompts, [rows, rows])[0]
    }

    /// The result with one table changed: the tuned checkpoint at the second hook under `all`.
    private func changed(_ change: (inout [SparseRow]) -> Void) -> ShardResult {
        var other = rows
        change(&other)
        var result = result
        result.tables[task.tableIndex(checkpoint: 1, hook: 1, mask: 0)] = table(other)
        return result
    }

    private func compared(_ other: ShardResult) -> ResultComparison {
        let there = ResultComparison(result, other, task: task, work: work)
        let back = ResultComparison(other, result, task: task, work: work)
        // Neither of the two is the right one.
        switch (there, back) {
        case (.differs, .differs): break
        default: #expect(there == back)
        }
        return there
    }

    private func difference(_ other: ShardResult) -> String {
        guard case .differs(let text) = compared(other) else { return "\(compared(other))" }
        return text
    }

    @Test func theSameIsIdentical() {
        #expect(compared(result) == .identical)
    }

    @Test func roundingIsWithin() {
        let other = changed { $0[1][3].sum += 80 * 0.9e-4 }
        guard case .within(let largest) = compared(other) else {
            Issue.record("\(compared(other))")
            return
        }
        #expect(abs(largest - 0.9e-4) < 1e-12)
    }

    @Test func moreThanRoundingIsNamedWithPlaceAndBothValues() {
        let other = changed {
            $0[1][2].sum = 7
            $0[0][7].sum += 0.01
        }
        let text = difference(other)
        #expect(
            text.hasPrefix(
                "villain.resid_post.1.all, prompt 1, latent 5: sums 2.0 over 3 active tokens and 7.0 over 3; they "
                    + "differ by 0.0625 of the row's largest sum, at most 0.0001 can be rounding"), "\(text)")
        #expect(text.hasSuffix("; and 1 more"), "\(text)")
    }

    /// At one token the fourth latent gives way to another one of the same strength.
    @Test func aSwapAtTheCutOffIsWithin() {
        #expect(compared(changed { $0[1][3].latent = 20 }) == .within(largest: 0))
        // The same at two tokens, one of them of a latent that stays active elsewhere.
        let twice = changed {
            $0[1][2] = (5, 2 - 0.5, 2)
            $0[1][3] = (20, 0.4 + 0.5, 2)
        }
        #expect(compared(twice) == .within(largest: 0))
    }

    @Test func aFewNearTiesAreWithinAndManyAreNot() {
        // 1% of 400 active tokens is 4.
        #expect(
            compared(changed { for at in 0..<4 { $0[0][at].active -= 1; $0[0][at].sum -= 2 } }) == .within(largest: 0))
        let text = difference(changed { for at in 0..<5 { $0[0][at].active -= 1; $0[0][at].sum -= 2 } })
        #expect(
            text
                == "villain.resid_post.1.all, prompt 0: 5 of 400 active tokens are active in one result alone, at most 4 can "
                + "be near-ties")
    }

    @Test func whatIsTooStrongForANearTieDiffers() {
        // The table's mean activation is 1666.4 / 412: one token cannot carry more than four times that, 16.2.
        let text = difference(changed { $0[1].append((20, 17, 1)) })
        #expect(
            text.contains("prompt 1, latent 20: sums 0.0 over 0 active tokens and 17.0 over 1; 1 near-ties"), "\(text)")
        #expect(compared(changed { $0[1].append((20, 15, 1)) }) == .within(largest: 0))
        // More active tokens cannot make a smaller sum.
        #expect(difference(changed { $0[1][2] = (5, 1.9, 4) }).contains("latent 5: sums 2.0 over 3"))
    }

    @Test func aLatentThatVanishesAltogetherDiffers() {
        #expect(
            difference(changed { $0[1].removeFirst() }).contains("latent 0: sums 80.0 over 4 active tokens and 0.0"))
    }

    @Test func aFlippedBitOfASumDiffers() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            let (row, entry) = (1, Int.random(in: 0..<4, using: &random))
            // The exponent, the sign and the upper part of the significand.
            let bit = UInt64.random(in: 46...63, using: &random)
            let other = changed {
                $0[row][entry].sum = Double(bitPattern: $0[row][entry].sum.bitPattern ^ 1 << bit)
            }
            let change = abs(
                rows[row][entry].sum - other.tables[task.tableIndex(checkpoint: 1, hook: 1, mask: 0)].sums[40 + entry])
            guard !(change <= 80e-4) else { continue }
            #expect(!difference(other).isEmpty)
            if case .within = compared(other) { Issue.record("bit \(bit) of entry \(entry) is overlooked") }
        }
    }

    @Test(arguments: [
        ("counts", "shard 0: token counts: expected 2 prompts with 17 tokens"),
        ("shard", "shard 0: one result is of shard 3"), ("tables", "shard 0: expected 8 tables, found 7"),
        ("latent", "base.resid_post.0.all: row 0: expected latents below 50, found 50"),
        ("infinite", "row 0, latent 0: expected a finite sum, found inf"),
    ])
    func anotherShapeDiffers(fault: String, expected: String) {
        var other = result
        switch fault {
        case "counts": other.tokenCounts[0][1] += 1
        case "shard": other.shard = 3
        case "tables": other.tables.removeLast()
        case "latent": other.tables[0].latents[39] = 50
        default: other.tables[0].sums[0] = .infinity
        }
        let text = difference(other)
        #expect(text.contains(expected), "\(text)")
    }
}
