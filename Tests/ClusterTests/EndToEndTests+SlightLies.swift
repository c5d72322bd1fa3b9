import Inputs
import Testing
import Wire
@testable import Cluster

// Results that differ by no more than rounding explains, where number systems are not the same.
extension EndToEndTests {
    /// Has workers come one after the other, each with a number system of its own, and compute a job's only shard; one of them
    /// lies slightly. Returns the job and the shard's story as they are when `stop` says so.
    private func verified(
        _ systems: [String], lying: Int, _ stop: (JobState, [StoryLine]) -> Bool
    ) throws -> (JobSummary, [StoryLine]) {
        let coordinator = try coordinator(lease: 60, verify: 0)
        defer { coordinator.stop() }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("1 10 verified"))
        var workers: [ScriptedWorker] = []
        defer { for worker in workers { worker.dealer.stop() } }
        for (index, system) in systems.enumerated() {
            let worker = try ScriptedWorker(coordinator.endpoints, host: "host\(index)", numberSystem: system)
            workers.append(worker)
            let lease = try #require(try worker.leases(1).first)
            let result = index == lying ? FakeKind.slightlyOther(lease.work) : FakeKind.result(of: lease.work)
            try worker.send(result, for: lease.id)
            _ = try worker.answer()
        }
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let (summary, story) = (try client.show(id).summary, try client.story(of: id, shard: 0))
            if stop(summary.state, story) { return (summary, story) }
        }
        throw InputError("\(id)", expected: "an end", found: "none within a minute")
    }

    @Test("within one number system there is no rounding: who differs in the last bit is convicted")
    func slightLie() throws {
        let (_, story) = try verified(["avx2", "avx2", "avx2"], lying: 0) { _, story in
            story.contains { $0.event == "convicted" }
        }
        let conviction = try #require(story.first { $0.event == "convicted" })
        #expect(conviction.reason.hasPrefix("host0:1 computes wrongly: host1:1 and host2:1 agree against it"))
        #expect(conviction.reason.contains("though both were computed with avx2"))
    }

    @Test("results of two number systems may differ by rounding")
    func rounding() throws {
        let (summary, story) = try verified(["avx2", "avx512"], lying: 0) { state, _ in state == .done }
        #expect(summary.state == .done && !story.contains { $0.event == "disputed" })
    }

    @Test("who agrees with both sides of a dispute does not decide it, and nobody innocent is convicted")
    func undecided() throws {
        let (summary, story) = try verified(["avx2", "avx2", "avx512"], lying: 0) { state, _ in state == .failed }
        #expect(summary.error?.found.hasPrefix("two that differ, by host0:1 and host1:1") == true)
        #expect(story.contains { $0.event == "disputed" } && !story.contains { $0.event == "convicted" })
    }
}
