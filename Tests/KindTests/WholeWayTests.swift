import Dispatch
import Foundation
import Inputs
import Synchronization
import TestSupport
import Testing
import Wire
import Work

/// A kind of work that neither `Wire` nor `Cluster` knows, on every way that a job can go.
@Suite(.timeLimit(.minutes(2))) struct WholeWayTests {
    @Test("run: a coordinator in the process and workers as its children; the bundle says what stands in the prompts")
    func run() throws {
        let job = try CountingJob()
        for workers in [1, 3] {
            let out = "\(job.folder.path)/out-\(workers)"
            let end = try CountingProcess(["run", job.file, "--out", out, "--workers", "\(workers)"]).end()
            #expect(end.status == 0)
            #expect(end.output == "done: \(CountingJob.shards) of \(CountingJob.shards) shards\n")
        }
        let bundle = try files(job.folder.path + "/out-1")
        #expect(try bundle == files(job.folder.path + "/out-3"))
        #expect(try bundle == CountingCluster.undisturbed(job))
        #expect(bundle.keys.sorted() == ["counts.json", "manifest.json"])

        let counts = try Document(json: #require(bundle["counts.json"]), file: "counts.json")
        let prompts = try counts.required("prompts").list()
        #expect(prompts.count == CountingJob.shards)
        for (number, prompt) in zip(1..., prompts) {
            #expect(try prompt.required("counts").object() == CountingJob.counts(number))
            #expect(try prompt.required("tokens").integer() == number + 2 + number % 3)
        }
        // 1 + … + 12 times a, and four times 1, 2 and 3 times b.
        #expect(
            try counts.required("tokens").object()
                == ["64": .integer(78), "65": .integer(24), "220": .integer(12)])
        // What the second pass over the results finds: every prompt has an "a".
        let usual = try counts.required("usual")
        #expect(try usual.required("token").integer() == 64)
        #expect(try usual.required("prompts").list().count == CountingJob.shards)
    }

    @Test("cluster: two workers over sockets; each shard is computed once")
    func cluster() throws {
        let job = try CountingJob()
        let cluster = try CountingCluster()
        let computed = Mutex<[Int]>([])
        let workers = try (0..<2).map { _ in
            try cluster.worker { shard in computed.withLock { $0.append(shard.index) } }
        }
        let id = try cluster.submit(job)
        let end = try cluster.end(of: id).summary
        #expect(end.state == .done && end.shardsDone == CountingJob.shards)
        #expect(computed.withLock { $0.sorted() } == Array(0..<CountingJob.shards))
        #expect(try cluster.bundle(of: id) == CountingCluster.undisturbed(job))
        for worker in workers {
            worker.drain()
            #expect(try worker.waitForEnd() == .drained)
        }
    }

    @Test("restart: the coordinator ends in the middle and starts again on its state folder; the same bundle")
    func restart() throws {
        let job = try CountingJob()
        let cluster = try CountingCluster()
        let gate = try Gate(holdingAt: 5)
        let first = try cluster.worker { _ in gate.pass() }
        let id = try cluster.submit(job)
        #expect(!gate.reached.takeAll(waiting: .seconds(60)).isEmpty)
        try cluster.restart()
        #expect(try cluster.client.show(id).summary.state == .running)
        gate.open()
        let second = try cluster.worker()
        let end = try cluster.end(of: id).summary
        #expect(end.state == .done && end.shardsDone == CountingJob.shards)
        #expect(try cluster.bundle(of: id) == CountingCluster.undisturbed(job))
        first.vanish()
        second.vanish()
    }

    @Test("verify: every shard is computed on two workers, and they agree")
    func verify() throws {
        let job = try CountingJob("verify: 1")
        let cluster = try CountingCluster()
        let workers = try (0..<2).map { _ in try CountingProcess(cluster.workerArguments) }
        let id = try cluster.submit(job)
        let end = try cluster.end(of: id)
        #expect(end.summary.state == .done)
        #expect(
            end.verification == VerificationCount(wanted: CountingJob.shards, agreed: CountingJob.shards, voices: 2))
        let bundle = try cluster.bundle(of: id)
        #expect(try bundle["counts.json"] == CountingCluster.undisturbed(CountingJob())["counts.json"])
        let summary = try Document(json: #require(bundle["verification.json"]), file: "verification.json").object()
        #expect(
            summary == [
                "shards": .integer(12), "agreed": .integer(12), "disputed": .integer(0), "skipped": .integer(0),
                "voices": .integer(2),
            ])
        withExtendedLifetime(workers) {}
    }

    @Test("verify: a worker whose counts add up and are wrong is found by two others, and the bundle is right")
    func liar() throws {
        let job = try CountingJob("verify: 1")
        let cluster = try CountingCluster()
        let liar = try CountingProcess(cluster.workerArguments + ["--lying", "swapping"])
        let id = try cluster.submit(job)
        // It has committed something before anybody else is there.
        while try cluster.client.show(id).summary.shardsDone == 0 {}
        let honest = try (0..<2).map { _ in try CountingProcess(cluster.workerArguments) }
        let end = try cluster.end(of: id)
        #expect(end.summary.state == .done)
        #expect(end.verification.disagreed >= 1 && end.verification.skipped == 0)
        let stories = try (0..<CountingJob.shards).flatMap { try cluster.client.story(of: id, shard: $0) }
        let verdict = try #require(stories.first { $0.event == "convicted" })
        #expect(verdict.reason.contains("computes wrongly"), "\(verdict.reason)")
        #expect(stories.contains { $0.event == "taken back" })
        #expect(
            try cluster.bundle(of: id)["counts.json"]
                == CountingCluster.undisturbed(CountingJob())["counts.json"])
        withExtendedLifetime((liar, honest)) {}
    }

    @Test("a worker whose counts do not add up is refused as soon as they come, and another one computes them")
    func impossibleCounts() throws {
        let job = try CountingJob()
        let cluster = try CountingCluster()
        let liar = try CountingProcess(cluster.workerArguments + ["--lying", "adding"])
        let honest = try CountingProcess(cluster.workerArguments)
        while try cluster.client.workers().count < 2 {}
        let id = try cluster.submit(job)
        let end = try cluster.end(of: id)
        #expect(end.summary.state == .done, "\(end.quarantined)")
        let stories = try (0..<CountingJob.shards).flatMap { try cluster.client.story(of: id, shard: $0) }
        let refusal = try #require(stories.first { $0.event == "failed" })
        #expect(refusal.reason.contains(": count: expected 0 to "), "\(refusal.reason)")
        #expect(try cluster.bundle(of: id) == CountingCluster.undisturbed(CountingJob()))
        withExtendedLifetime((liar, honest)) {}
    }

    @Test("partial: the bundle goes without a shard that fails and says which prompts that are; retry makes it whole")
    func partialAndRetry() throws {
        let job = try CountingJob()
        let cluster = try CountingCluster()
        let refuses = Atomic(true)
        let error = InputError("prompt 4", expected: "no token 64", found: "5 of them")
        let worker = try cluster.worker {
            if $0.index == 4, refuses.load(ordering: .relaxed) { throw error }
        }
        let id = try cluster.submit(job)
        let end = try cluster.end(of: id)
        #expect(end.summary.state == .partial && end.summary.shardsDone == CountingJob.shards - 1)
        #expect(end.quarantined == [QuarantinedShard(shard: 4, error: error)])

        let partial = try cluster.bundle(of: id)
        let manifest = try Document(json: #require(partial["manifest.json"]), file: "manifest.json")
        let missing = try manifest.required("partial").list()
        #expect(missing.count == 1)
        #expect(
            try missing.first?.object() == [
                "shard": .integer(4), "prompts": .array([.string("line-0005")]),
                "error": .object([
                    "place": .string("prompt 4"), "expected": .string("no token 64"), "found": .string("5 of them"),
                ]),
            ])
        #expect(try manifest.required("shards").list().map(\.isNull) == (0..<CountingJob.shards).map { $0 == 4 })
        let counts = try Document(json: #require(partial["counts.json"]), file: "counts.json")
        #expect(try counts.required("prompts").list().count == CountingJob.shards - 1)
        #expect(try counts.required("tokens").object()["64"] == .integer(78 - 5))

        refuses.store(false, ordering: .relaxed)
        #expect(try cluster.client.retry(id) == 1)
        #expect(try cluster.end(of: id).summary.state == .done)
        #expect(try cluster.bundle(of: id) == CountingCluster.undisturbed(job))
        worker.vanish()
    }
}

/// Lets some pass, and holds everybody from a certain one on until it is opened.
private final class Gate: Sendable {
    /// Hears that somebody is held.
    let reached: Mailbox<Int>
    private let holdingAt: Int
    private let passed = Atomic(0)
    private let opened = DispatchSemaphore(value: 0)

    init(holdingAt: Int) throws {
        reached = try Mailbox()
        self.holdingAt = holdingAt
    }

    func pass() {
        let number = passed.add(1, ordering: .relaxed).newValue
        guard number >= holdingAt else { return }
        reached.post(number)
        opened.wait()
        opened.signal()
    }

    func open() { opened.signal() }
}
