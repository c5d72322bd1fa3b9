import Foundation
import Inputs
import Synchronization
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

@Suite(.timeLimit(.minutes(2))) struct EndToEndTests {
    let folder: TemporaryFolder
    let planner = FakeKind()

    init() throws { folder = try TemporaryFolder() }

    func coordinator(
        _ state: String = "state", endpoints: Endpoints? = nil, lease: Double = 2, credit: Int = 4 << 20,
        verify: Double = 120, build: String = "test", dropping: Bool = false
    ) throws -> CoordinatorService {
        var config = CoordinatorConfig(state: folder.path + "/" + state)
        config.endpoints = endpoints ?? Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        config.leaseSeconds = lease
        config.creditBytes = credit
        config.verifySeconds = verify
        config.dropsForeignResults = dropping
        return try CoordinatorService(config, parts: .init(kinds: WorkKinds([planner]), build: build, logger: quiet))
    }

    func worker(
        _ coordinator: CoordinatorService, _ evaluator: FakeEvaluator = FakeEvaluator(), build: String = "test"
    ) throws -> WorkerService {
        try WorkerService(
            connect: coordinator.endpoints,
            parts: .init(evaluator, build: build))
    }

    func source(_ text: String) -> JobSource { JobSource.fake(text) }

    /// The fold's digests, once there is a fold.
    func folded() throws -> [Digest] {
        try #require(planner.folded?.takeAll(waiting: .seconds(60)).first, "no fold within a minute")
    }

    func expected(shards: Int, firing: Int) throws -> [Digest] {
        try planner.works(source("\(shards) \(firing)")).map {
            Digest(of: FakeKind.result(of: $0))
        }
    }

    /// Asks until the job has ended; the end is a few milliseconds away when this is called.
    func ended(_ id: JobID, _ client: CoordinatorClient) throws -> JobSummary {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let summary = try client.show(id).summary
            if summary.state != .planning, summary.state != .running { return summary }
        }
        throw InputError("\(id)", expected: "an end", found: "none within a minute")
    }

    @Test("three workers finish a job, and its bundle arrives as it was written")
    func quietRun() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let workers = try (0..<3).map { _ in try worker(coordinator) }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("20 50"))
        #expect(try folded() == expected(shards: 20, firing: 50))
        let summary = try ended(id, client)
        #expect(summary.state == .done && summary.shardsDone == 20 && summary.tokensDone == 40)
        #expect(try client.jobs().map(\.id) == [id])

        let target = folder.path + "/bundle"
        try client.fetchBundle(of: id, to: target)
        for name in try FileManager.default.contentsOfDirectory(atPath: target) {
            #expect(
                FileManager.default.contentsEqual(
                    atPath: "\(target)/\(name)", andPath: "\(folder.path)/state/bundles/\(id)/\(name)"), "\(name)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: target).count == 3)
        let error = #expect(throws: InputError.self) { try client.fetchBundle(of: id, to: target) }
        #expect(error?.place == target && error?.found == "one that does")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == ["bundle", "state"])

        for worker in workers { worker.drain() }
        for worker in workers { #expect(try worker.waitForEnd() == .drained) }
        let metrics = coordinator.metrics
        let troubles = [metrics.digestAlarms, metrics.storeFailures, metrics.workersLost, metrics.leasesExpired]
        #expect(troubles.map(\.value) == [0, 0, 0, 0])
    }

    @Test("results larger than the credit window arrive whole")
    func largeResults() throws {
        let coordinator = try coordinator(lease: 30, credit: 100_000)
        defer { coordinator.stop() }
        let worker = try worker(coordinator)
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        _ = try client.submit(source("2 60000"))
        let digests = try folded()
        #expect(try digests == expected(shards: 2, firing: 60_000))
        let bytes = try FakeKind.result(of: planner.works(source("2 60000"))[0]).count
        #expect(bytes > 3 * 100_000, "the test's results are too small: \(bytes)")
        let metrics = coordinator.metrics
        let troubles = [metrics.digestAlarms, metrics.storeFailures, metrics.workersLost, metrics.leasesExpired]
        #expect(troubles.map(\.value) == [0, 0, 0, 0])
        worker.drain()
        #expect(try worker.waitForEnd() == .drained)
    }

    @Test("a worker that vanishes and a coordinator that starts anew change nothing in the outcome")
    func crashes() throws {
        var coordinator = try coordinator()
        let endpoints = coordinator.endpoints
        let lost = FakeEvaluator(holdAt: 3)
        let slow = FakeEvaluator(holdAt: 5)
        let vanishing = try worker(coordinator, lost)
        let slower = FakeEvaluator(holdAt: 6)
        let survivors = [try worker(coordinator, slow), try worker(coordinator, slower)]
        let client = try CoordinatorClient(endpoint: endpoints.control)
        let id = try client.submit(source("40 50"))
        // All three stand still in the middle of the job, each with leases in hand.
        #expect(lost.holding?.takeAll(waiting: .seconds(30)).isEmpty == false)
        #expect(slow.holding?.takeAll(waiting: .seconds(30)).isEmpty == false)
        #expect(slower.holding?.takeAll(waiting: .seconds(30)).isEmpty == false)
        vanishing.vanish()
        coordinator.stop()
        let before = try JobStore(StateFolder(folder.path + "/state")).done()[id]?.shards ?? 0
        #expect(before >= 6 && before < 40)
        slow.letGo()
        slower.letGo()
        coordinator = try self.coordinator(endpoints: endpoints)
        let fresh = FakeEvaluator()
        let late = try worker(coordinator, fresh)
        #expect(try folded() == expected(shards: 40, firing: 50))
        #expect(try ended(id, CoordinatorClient(endpoint: endpoints.control)).state == .done)
        #expect(fresh.evaluated <= 40 - before, "committed shards were computed again")
        #expect(coordinator.metrics.digestAlarms.value == 0)
        lost.letGo()
        for worker in survivors + [late] {
            worker.drain()
            #expect(try worker.waitForEnd() == .drained)
        }
        coordinator.stop()
    }

    @Test("a worker keeps its finished result through a coordinator's restart and hands it in")
    func heldResult() throws {
        var coordinator = try coordinator(lease: 60)
        let endpoints = coordinator.endpoints
        let evaluator = FakeEvaluator(holdAt: 1)
        let worker = try worker(coordinator, evaluator)
        _ = try CoordinatorClient(endpoint: endpoints.control).submit(source("1 50"))
        #expect(evaluator.holding?.takeAll(waiting: .seconds(30)) == [0])
        coordinator.stop()
        evaluator.letGo()
        coordinator = try self.coordinator(endpoints: endpoints, lease: 60)
        defer { coordinator.stop() }
        #expect(try folded() == expected(shards: 1, firing: 50))
        #expect(evaluator.evaluated == 1)
        worker.drain()
        #expect(try worker.waitForEnd() == .drained)
    }

    @Test("bad input that fails every shard ends the job with that error, at once")
    func permanentFailure() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let error = InputError("model.safetensors: w", expected: "F32", found: "I8")
        let evaluator = FakeEvaluator { _ in throw error }
        let worker = try worker(coordinator, evaluator)
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("50 10"))
        #expect(try ended(id, client).error == error)
        #expect(evaluator.evaluated < 10, "three shards without one that succeeds are enough")
        worker.vanish()
    }

    @Test("a shard that always fails is quarantined, the job ends partial and says so; retried, its bundle is whole")
    func quarantine() throws {
        // The only worker there is has tried it three times, and nobody is waited for.
        let coordinator = try coordinator(verify: 0)
        defer { coordinator.stop() }
        let isBroken = Atomic(true)
        let evaluator = FakeEvaluator {
            if $0.index == 2, isBroken.load(ordering: .relaxed) { throw CocoaError(.fileReadUnknown) }
        }
        let worker = try worker(coordinator, evaluator)
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("4 10"))
        #expect(try ended(id, client).state == .partial)
        let detail = try client.show(id)
        #expect(detail.summary.quarantined == 1 && detail.summary.shardsDone == 3)
        #expect(detail.quarantined.map(\.shard) == [2])
        #expect(detail.quarantined.first?.error.expected == "a result within 3 attempts")
        _ = try folded()

        let events = try client.story(of: id, shard: 2).map(\.event)
        #expect(events.filter { $0 == "leased" }.count == 3 && events.filter { $0 == "failed" }.count == 3)
        #expect(events.last == "quarantined")
        let other = #expect(throws: InputError.self) { try client.story(of: id, shard: 4) }
        #expect(other?.expected == "a shard below 4")

        let before = evaluator.evaluated
        isBroken.store(false, ordering: .relaxed)
        #expect(try client.retry(id) == 1)
        #expect(try ended(id, client).state == .done)
        #expect(try folded() == expected(shards: 4, firing: 10))
        #expect(evaluator.evaluated == before + 1, "only the missing shard is computed")
        let again = #expect(throws: InputError.self) { try client.retry(id) }
        #expect(again?.expected == "a job that is partial or failed" && again?.found == "one that is done")
        worker.vanish()
    }

    @Test("a worker whose numbers are wrong is found by two others, and its results are computed again")
    func badNode() throws {
        let coordinator = try coordinator(lease: 60)
        defer { coordinator.stop() }
        let bad = try ScriptedWorker(coordinator.endpoints, host: "bad")
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("2 10 verified"))
        for lease in try bad.leases(2) {
            try bad.send(FakeKind.other(lease.work), for: lease.id)
            #expect(try bad.answer() == .accepted(lease.id))
        }
        let good = try ["one", "two"].map { try ScriptedWorker(coordinator.endpoints, host: $0) }
        while try client.show(id).summary.state == .running {
            for worker in good { try worker.work() }
        }
        #expect(try folded() == expected(shards: 2, firing: 10))
        let verification = try client.show(id).verification
        #expect(verification.wanted == 2 && verification.disagreed >= 1 && verification.skipped == 0)
        let stories = try (0..<2).flatMap { try client.story(of: id, shard: $0) }
        #expect(stories.contains { $0.event == "convicted" && $0.reason.hasPrefix("bad:1 computes wrongly") })
        #expect(stories.contains { $0.event == "taken back" })
        for worker in good + [bad] { worker.dealer.stop() }
    }

    @Test("a coordinator that starts anew in the middle of a dispute still finds the bad worker")
    func disputeThroughRestart() throws {
        var coordinator = try coordinator(lease: 60)
        let endpoints = coordinator.endpoints
        let bad = try ScriptedWorker(endpoints, host: "bad")
        let client = try CoordinatorClient(endpoint: endpoints.control)
        let id = try client.submit(source("2 10 verified"))
        for lease in try bad.leases(2) {
            try bad.send(FakeKind.other(lease.work), for: lease.id)
            #expect(try bad.answer() == .accepted(lease.id))
        }
        let first = try ScriptedWorker(endpoints, host: "one")
        for lease in try first.leases(2) {
            try first.send(FakeKind.result(of: lease.work), for: lease.id)
            #expect(try first.answer() == .accepted(lease.id), "it may forget the result: that is stored")
        }
        for worker in [bad, first] { worker.dealer.stop() }
        coordinator.stop()
        coordinator = try self.coordinator(endpoints: endpoints, lease: 60)
        defer { coordinator.stop() }
        let good = try ["two", "three"].map { try ScriptedWorker(endpoints, host: $0) }
        while try client.show(id).summary.state == .running {
            for worker in good { try worker.work() }
        }
        #expect(try folded() == expected(shards: 2, firing: 10))
        let stories = try (0..<2).flatMap { try client.story(of: id, shard: $0) }
        #expect(stories.contains { $0.event == "convicted" && $0.reason.hasPrefix("bad:1 computes wrongly") })
        for worker in good { worker.dealer.stop() }
    }

    @Test("a worker without work ends when its time is over")
    func outlived() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        var parts = try WorkerService.Parts(FakeEvaluator(), build: "test")
        parts.lifetimeSeconds = 0.5
        let worker = try WorkerService(connect: coordinator.endpoints, parts: parts)
        #expect(try worker.waitForEnd() == .outlived)
    }

    @Test("a worker that cannot do a job is shown with the reason, and the job waits for another one")
    func unfit() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let lacking = InputError("/models/base", expected: "a file", found: "none", kind: .configuration)
        let unable = try worker(coordinator, FakeEvaluator(failing: { _ in throw lacking }))
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("9 10"))
        let deadline = ContinuousClock.now + .seconds(60)
        var shown: [WorkerSummary] = []
        while shown.isEmpty, ContinuousClock.now < deadline {
            shown = try client.show(id).workers.filter { !$0.unfit.isEmpty }
        }
        #expect(shown.first?.unfit == [.init(job: id, error: lacking)])
        #expect(try client.workers().first?.unfit.count == 1 && client.show(id).summary.state == .running)
        let able = try worker(coordinator)
        #expect(try ended(id, client).state == .done && folded() == expected(shards: 9, firing: 10))
        for worker in [unable, able] { worker.vanish() }
    }

    @Test("a failed job is tried again: what it lacks is computed, or it is planned anew where it has no plan")
    func retryOfFailed() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let isBroken = Atomic(true)
        let evaluator = FakeEvaluator(failing: { _ in
            if isBroken.load(ordering: .relaxed) { throw InputError("prompt", expected: "tokens", found: "none") }
        })
        let worker = try worker(coordinator, evaluator)
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("5 10"))
        #expect(try ended(id, client).state == .failed)
        isBroken.store(false, ordering: .relaxed)
        #expect(try client.retry(id) == 5)
        #expect(try ended(id, client).state == .done && folded() == expected(shards: 5, firing: 10))

        let unplanned = try client.submit(source("5000 1"))
        #expect(try ended(unplanned, client).state == .failed)
        #expect(try client.retry(unplanned) == nil)
        #expect(try ended(unplanned, client).state == .failed)
        worker.vanish()
    }

    @Test("what is wrong with a job's file or inputs becomes the job's error; a kind or name that cannot be is refused")
    func planningFailures() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("5000 1"))
        let error = try #require(try ended(id, client).error)
        #expect(error == InputError("job.yaml", expected: "fewer than 1000 shards", found: "5000 1"))
        let strange = try client.submit(source("what?"))
        #expect(
            try ended(strange, client).error == InputError("job.yaml", expected: "two numbers", found: "what?"))
        for label in [JobLabel(kind: "none", name: "fake"), JobLabel(kind: FakeKind.name, name: "../fake")] {
            #expect(throws: InputError.self) { try client.submit(source("5 10"), as: label) }
        }
        let other = try client.submit(source("5 10"), as: JobLabel(kind: FakeKind.name, name: "other"))
        #expect(try ended(other, client).error?.found == "'fake' of kind fake")
        #expect(throws: error) { try client.fetchBundle(of: id, to: folder.path + "/none") }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/none"))
    }

    @Test("a cancelled job goes no further, and the next one has its turn")
    func cancelling() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let evaluator = FakeEvaluator(holdAt: 2)
        let worker = try worker(coordinator, evaluator)
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let first = try client.submit(source("100 10"))
        #expect(evaluator.holding?.takeAll(waiting: .seconds(30)).isEmpty == false)
        try client.cancel(first)
        let second = try client.submit(source("3 10"))
        evaluator.letGo()
        #expect(try folded() == expected(shards: 3, firing: 10))
        #expect(try ended(second, client).state == .done)
        #expect(try client.show(first).summary.state == .cancelled)
        let error = #expect(throws: InputError.self) { try client.cancel(first) }
        #expect(error?.found == "one that is cancelled")
        worker.drain()
        #expect(try worker.waitForEnd() == .drained)
    }

    @Test("a job that another build planned is planned anew where it has no results")
    func foreignPlan() throws {
        var coordinator = try coordinator()
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try client.submit(source("3 10"))
        while try client.show(id).summary.state == .planning {}
        coordinator.stop()
        coordinator = try self.coordinator(build: "newer")
        defer { coordinator.stop() }
        let worker = try worker(coordinator, build: "newer")
        #expect(try folded() == expected(shards: 3, firing: 10))
        #expect(try ended(id, CoordinatorClient(endpoint: coordinator.endpoints.control)).state == .done)
        worker.vanish()
    }

    @Test("results of another build are never mixed in: the start says what would be lost, and drops it where it may")
    func foreignResults() throws {
        let before = try coordinator()
        let evaluator = FakeEvaluator(holdAt: 4)
        let old = try worker(before, evaluator)
        let id = try CoordinatorClient(endpoint: before.endpoints.control).submit(source("6 10"))
        #expect(evaluator.holding?.takeAll(waiting: .seconds(30)).isEmpty == false)
        old.vanish()
        before.stop()
        evaluator.letGo()
        let committed = try JobStore(StateFolder(folder.path + "/state")).done()[id]?.shards ?? 0
        #expect(committed > 0)

        let refused = #expect(throws: InputError.self) { try coordinator(build: "newer") }
        #expect(refused?.kind == .configuration && refused?.expected == "open jobs of this build of actdiff, newer")
        #expect(refused?.found.contains("\(id) (\(committed) of 6 shards, by test)") == true)
        #expect(try JobStore(StateFolder(folder.path + "/state")).done()[id]?.shards == committed, "nothing is lost")

        let after = try coordinator(build: "newer", dropping: true)
        defer { after.stop() }
        let fresh = FakeEvaluator()
        let worker = try WorkerService(connect: after.endpoints, parts: .init(fresh, build: "newer"))
        #expect(try folded() == expected(shards: 6, firing: 10))
        #expect(fresh.evaluated == 6, "all of it is computed again")
        worker.vanish()
    }

    @Test("a worker of another version is refused with both versions named")
    func versions() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let worker = try worker(coordinator, build: "older")
        let error = #expect(throws: InputError.self) { try worker.waitForEnd() }
        #expect(error?.expected == "version test, the coordinator's" && error?.found == "older")
        #expect(error?.kind == .configuration)
    }

    @Test("a job that nobody knows, and a coordinator that is not there, are said so")
    func unknown() throws {
        let coordinator = try coordinator()
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control, timeout: .seconds(20))
        let stranger = try #require(JobID("nobody-7"))
        let error = #expect(throws: InputError.self) { try client.show(stranger) }
        #expect(error?.place == "job nobody-7" && error?.found == "no such job")
        coordinator.stop()
        let late = try CoordinatorClient(endpoint: coordinator.endpoints.control, timeout: .milliseconds(200))
        let unreachable = #expect(throws: InputError.self) { try late.jobs() }
        #expect(unreachable?.kind == .unreachable)
    }

    @Test("a bundle cannot be fetched to where nothing can be written")
    func unwritableTarget() throws {
        let coordinator = try coordinator()
        defer { coordinator.stop() }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let id = try #require(JobID("any-1"))
        let error = #expect(throws: InputError.self) { try client.fetchBundle(of: id, to: "/proc/nowhere/bundle") }
        #expect(error?.place == "/proc/nowhere/bundle" && error?.expected == "a place where a folder can be made")
    }

    @Test("a result that comes twice counts once; one that differs raises an alarm; one from the future is rejected")
    func duplicates() throws {
        let coordinator = try coordinator(lease: 60, verify: 0)
        defer { coordinator.stop() }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let peer = try ScriptedWorker(coordinator.endpoints)
        let id = try client.submit(source("2 10"))
        let leases = try peer.leases(2)
        let first = try #require(leases.first { $0.id.shard == 0 })
        let second = try #require(leases.first { $0.id.shard == 1 })
        let right = FakeKind.result(of: first.work)
        let wrong = FakeKind.other(first.work)

        var future = first.id
        future.epoch += 1
        try peer.send(right, for: future)
        #expect(try peer.answer() == .rejected(future))
        #expect(coordinator.metrics.duplicateResults.value == 0)
        for _ in 0..<2 {
            try peer.send(right, for: first.id)
            #expect(try peer.answer() == .accepted(first.id))
        }
        #expect(coordinator.metrics.duplicateResults.value == 1 && coordinator.metrics.digestAlarms.value == 0)
        try peer.send(wrong, for: first.id)
        #expect(try peer.answer() == .accepted(first.id))
        #expect(coordinator.metrics.digestAlarms.value == 1)
        try peer.send(right, for: second.id)
        #expect(try peer.answer() == .rejected(second.id), "a result of another shard")

        // The refused shard is given out again; the other one is in dispute, and there is nobody to decide.
        let again = try #require(try peer.leases(1).first)
        #expect(again.id == LeaseID(job: id, shard: 1, epoch: 2))
        try peer.send(FakeKind.result(of: again.work), for: again.id)
        #expect(try peer.answer() == .accepted(again.id))
        let summary = try ended(id, client)
        #expect(summary.state == .failed && summary.error?.place == "shard 0")
        #expect(summary.error?.found.hasPrefix("two that differ, by scripted:1 and scripted:1") == true)
        peer.dealer.stop()
    }
}

/// A worker that does exactly what it is told.
final class ScriptedWorker {
    enum Answer: Equatable {
        case accepted(LeaseID)
        case rejected(LeaseID)
    }

    let dealer: DealerThread
    private let inbox: Mailbox<MessageFromCoordinator>
    private var leases: [Lease] = []
    private var answers: [Answer] = []
    private var credit = 0

    init(_ endpoints: Endpoints, host: String = "scripted", numberSystem: String = "none") throws {
        let inbox = try Mailbox<MessageFromCoordinator>()
        self.inbox = inbox
        dealer = try DealerThread(connect: endpoints, deliver: { message, _ in inbox.post(message) }, report: { _ in })
        let instance = InstanceID.random()
        try dealer.send(
            .hello(
                WorkerHello(
                    build: "test", instance: instance, host: host, processID: 1, numberSystem: numberSystem,
                    threads: 1, slurmJob: nil, held: [])))
        try dealer.send(.attach(instance))
        try dealer.send(.renew(slots: 2, [], tasks: []))
        try wait { credit > 0 }
    }

    func leases(_ count: Int) throws -> [Lease] {
        try wait { leases.count >= count }
        defer { leases = [] }
        return leases
    }

    func answer() throws -> Answer {
        try wait { !answers.isEmpty }
        return answers.removeFirst()
    }

    func send(_ bytes: [UInt8], for lease: LeaseID) throws {
        try dealer.send(
            .part(
                ResultPart(
                    lease: lease, transferDigest: Digest(of: bytes), totalBytes: bytes.count, offset: 0, bytes: bytes))
        )
    }

    /// Computes what has come, honestly.
    func work() throws {
        take(inbox.takeAll(waiting: .milliseconds(20)))
        for lease in leases { try send(FakeKind.result(of: lease.work), for: lease.id) }
        leases = []
    }

    private func wait(until isThere: () -> Bool) throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while !isThere() {
            guard ContinuousClock.now < deadline else {
                throw InputError("the coordinator", expected: "an answer", found: "none in 30 seconds")
            }
            take(inbox.takeAll(waiting: .seconds(1)))
        }
    }

    private func take(_ messages: [MessageFromCoordinator]) {
        for message in messages {
            switch message {
            case .lease(let lease): leases.append(lease)
            case .accepted(let lease): answers.append(.accepted(lease))
            case .rejected(let lease, _): answers.append(.rejected(lease))
            case .credit(let bytes): credit += bytes
            default: break
            }
        }
    }
}
