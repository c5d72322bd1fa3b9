import Foundation
import Inputs
import TestSupport
import Testing
import Wire
@testable import Cluster

/// What a client makes of what a coordinator says, true or not.
@Suite struct JobSummaryTextTests {
    private func summary(_ state: JobState = .running, done: Int, total: Int, shards: (Int, Int) = (1, 2)) throws
        -> JobSummary
    {
        JobSummary(
            id: try #require(JobID("job-1")), name: "job", state: state, shardsDone: shards.0, shardsTotal: shards.1,
            tokensDone: done, tokensTotal: total, quarantined: 0, error: nil, submitted: 0)
    }

    private func detail(
        _ state: JobState, shards: (Int, Int), quarantined: [QuarantinedShard] = []
    ) throws -> JobDetail {
        var summary = try summary(state, done: 0, total: 0, shards: shards)
        summary.quarantined = quarantined.count
        return JobDetail(
            summary: summary, quarantined: quarantined, verification: VerificationCount(), numberSystem: nil,
            workers: [])
    }

    @Test("progress is shown with its rate and the time left")
    func progress() throws {
        #expect(
            try summary(done: 50, total: 100).progressText(tokensPerSecond: 10)
                == "job-1 ████████████░░░░░░░░░░░░ 50 %  1/2 shards  10 tokens/s  0 min 5 s left")
        #expect(
            try summary(done: 100, total: 100, shards: (2, 2)).progressText(tokensPerSecond: 10)
                == "job-1: all 2 shards are computed; to be verified, folded and written")
        #expect(try summary(.planning, done: 0, total: 0).progressText(tokensPerSecond: nil) == "job-1: planning")
        #expect(
            try summary(done: 0, total: 36_000_000).progressText(tokensPerSecond: 1000).hasSuffix("10 h 0 min left"))
    }

    @Test("more done than there is, numbers without end and rates of any size end nothing")
    func nonsense() throws {
        let numbers = [-1, 0, 1, 3, Int.max, .min]
        for done in numbers {
            for total in numbers {
                for rate in [nil, 0, -1, 1e-300, 1, 1e300, .infinity, .nan] as [Double?] {
                    let text = try summary(done: done, total: total).progressText(tokensPerSecond: rate)
                    #expect(text.hasPrefix("job-1"))
                }
            }
        }
        #expect(try summary(done: 200, total: 100).progressText(tokensPerSecond: nil).contains(" 100 %"))
        for seconds in [-1e300, 0, 1.7e9, 1e18, 1e300, .infinity, .nan] {
            #expect(!Date(shownSince1970: seconds).formatted(.iso8601).isEmpty)
        }
    }

    @Test("a job counts as whole only where summary and bundle agree that it is")
    func partial() throws {
        #expect(throws: Never.self) { try detail(.done, shards: (4, 4)).refuseToBePartial(hint: "") }
        let missing = QuarantinedShard(shard: 2, error: InputError("x", expected: "y", found: "z", kind: .temporary))
        let known = try inputError {
            try detail(.partial, shards: (3, 4), quarantined: [missing]).refuseToBePartial(hint: "h")
        }
        #expect(known.found == "1 missing; the first, shard 2: x: expected y, found z" && known.kind == .temporary)
        // The coordinator does not say which, says too little, or says what the bundle does not.
        #expect(throws: InputError.self) { try detail(.partial, shards: (3, 4)).refuseToBePartial(hint: "") }
        #expect(throws: InputError.self) { try detail(.partial, shards: (4, 4)).refuseToBePartial(hint: "") }
        #expect(throws: InputError.self) { try detail(.done, shards: (3, 4)).refuseToBePartial(hint: "") }
        #expect(
            try inputError {
                try detail(.done, shards: (4, 4)).refuseToBePartial(bundleLacks: "partial: 1 of 4", hint: "")
            }.found == "partial: 1 of 4")
    }
}
