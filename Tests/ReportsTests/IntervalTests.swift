import Foundation
import Inputs
import Latents
import TestSupport
import Testing

@Suite struct IntervalTests {
    private static func golden() throws -> Document {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
        return try Document(jsonFile: folder + "/Goldens/intervals.json")
    }

    /// 1e-9 as for Student's t itself: what is inverted is that close to scipy's.
    @Test("intervals are scipy's")
    func scipys() throws {
        let golden = try Self.golden()
        var worst = LargestDifference()
        for row in try golden.required("critical").list() {
            let prompts = try row.required("prompts").integer()
            worst.add(
                ConfidenceInterval.critical(prompts: prompts), try row.required("c").number(), relativeTo: .each(),
                at: "\(prompts) prompts")
        }
        for row in try golden.required("samples").list() {
            let prompts = try row.required("prompts").integer()
            let interval = try #require(
                ConfidenceInterval(
                    promptDelta: row.required("prompt_delta").number(), t: row.required("t").number(),
                    critical: ConfidenceInterval.critical(prompts: prompts)))
            let (low, high) = (try row.required("low").number(), try row.required("high").number())
            // An end may lie near zero, where the other does not.
            worst.add(
                [interval.low, interval.high], [low, high], relativeTo: .value(max(abs(low), abs(high))),
                at: "\(prompts) prompts")
        }
        print("95 % intervals, largest relative difference from scipy: \(worst)")
        #expect(worst.value < 1e-9)
    }

    @Test("there is no interval where t says nothing")
    func none() {
        #expect(ConfidenceInterval.critical(prompts: 1) == .infinity)
        for (delta, t, critical) in [(0.0, 0.0, 2.0), (3, 0, 2), (1, .nan, 2), (1, 5, .infinity), (.infinity, 2, 2)] {
            #expect(ConfidenceInterval(promptDelta: delta, t: t, critical: critical) == nil)
        }
    }
}
