import Dispatch
import Foundation
import Inputs
import Synchronization
import TestSupport
import Testing
import Wire
@testable import Cluster

/// A fold that wants to see all results once more before its bundle is written.
@Suite(.timeLimit(.minutes(2))) struct SecondPassTests {
    let folder: TemporaryFolder
    private static let shards = 6

    init() throws { folder = try TemporaryFolder() }

    /// A workshop whose folds call `body` in their second pass; no second life of it has to be awaited.
    private func bench(
        pause: Duration = .milliseconds(10), _ body: @escaping @Sendable (Int) throws -> Void
    ) throws -> (FoldBench, FoldLog) {
        var planner = FakeKind()
        planner.inSecondPass = body
        let policy = JobWorkshop.Policy(betweenSnapshots: .zero, beforeTryingAgain: pause)
        return (try FoldBench(folder.path + "/state", planner: planner, policy: policy), planner.log)
    }

    private static let all = [FoldLog.Entry.began] + (0..<shards).map { .reviewed($0) } + [.wrote]

    @Test("all results come once more in their order, once all of them were folded")
    func order() throws {
        let (bench, log) = try bench { _ in }
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        #expect(log.take() == [.opened(snapshot: false)] + (0..<Self.shards).map { .folded($0) })
        bench.finish(job)
        #expect(log.take() == Self.all)
        #expect(try bench.store.job(job.id)?.state == .done)
        #expect(bench.leftovers == [])
    }

    @Test("what was left out is left out again; once it has come, the pass is over all shards")
    func partial() throws {
        let (bench, log) = try bench { _ in }
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, [0, 1, 3, 5])
        _ = log.take()
        let error = InputError("shard", expected: "a result", found: "none")
        bench.finish(job, missing: [2: error, 4: error])
        #expect(
            log.take() == [
                .skipped(2), .folded(3), .skipped(4), .folded(5), .began, .reviewed(0), .reviewed(1), .reviewed(3),
                .reviewed(5), .wrote,
            ])
        try bench.retry(job)
        try bench.commit(job, [4, 2])
        bench.finish(job)
        #expect(log.take().suffix(Self.shards + 2) == Self.all)
        #expect(try bench.store.job(job.id)?.state == .done)
    }

    @Test(
        "a coordinator that ends in the second pass leaves a snapshot of the first; the next one begins the second anew"
    )
    func restart() throws {
        // The first life waits for ever before it would try again.
        let (before, first) = try bench(pause: .seconds(3600)) { shard in
            if shard == 3 { throw InputError("disk", expected: "room", found: "none", kind: .temporary) }
        }
        let job = try before.job(shards: Self.shards)
        try before.commit(job, 0..<Self.shards)
        before.finish(job)
        #expect(first.take().suffix(4) == [.began, .reviewed(0), .reviewed(1), .reviewed(2)])
        #expect(before.leftovers == ["folds/\(job.id)"])
        before.stop()

        let (bench, log) = try bench { _ in }
        bench.finish(job)
        #expect(log.take() == [.opened(snapshot: true)] + Self.all)
        #expect(try bench.store.job(job.id)?.state == .done)
        #expect(bench.leftovers == [])
    }

    @Test("a second pass that fails for want of something is begun anew, and nothing is folded again")
    func again() throws {
        let failures = Count()
        let done = DispatchSemaphore(value: 0)
        let (bench, log) = try bench { shard in
            guard shard == 4, failures.value == 0 else { return }
            failures.add()
            throw InputError("disk", expected: "room", found: "none", kind: .temporary)
        }
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        _ = log.take()
        bench.workshop.finish(job, missing: [:]) { done.signal() }
        #expect(done.wait(timeout: .now() + 60) == .success)
        #expect(log.take() == [.began] + (0..<4).map { .reviewed($0) } + Self.all)
        #expect(try bench.store.job(job.id)?.state == .done)
    }

    @Test("a job that is called off in the second pass goes no further")
    func calledOff() throws {
        let (reached, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let (bench, log) = try bench { shard in
            guard shard == 2 else { return }
            reached.signal()
            release.wait()
        }
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        _ = log.take()
        bench.workshop.finish(job, missing: [:]) { Issue.record("a job that was called off has no end here") }
        reached.wait()
        try bench.store.cancel(job)
        bench.workshop.forget(job.id)
        release.signal()
        bench.settle()
        #expect(log.take() == [.began, .reviewed(0), .reviewed(1), .reviewed(2)])
        #expect(!bench.hasBundle(job) && bench.leftovers == [])
    }

    @Test("a result that was replaced between the passes is in no bundle")
    func replaced() throws {
        let (reached, release) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let isFirst = Count()
        let (bench, _) = try bench { shard in
            guard shard == 0, isFirst.value == 0 else { return }
            isFirst.add()
            reached.signal()
            release.wait()
        }
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        bench.workshop.finish(job, missing: [:]) {}
        reached.wait()
        try bench.takeBack(job, 4)
        try bench.commitOne(job, 4, as: FakeKind.other(try bench.work(job, 4)))
        release.signal()
        bench.settle()
        #expect(
            try bench.store.job(job.id)?.state != .done
                || bench.digests(job)[4] == "\(Digest(of: FakeKind.other(bench.work(job, 4))))")
    }
}
