import Dispatch
import Foundation
import Inputs
import TestSupport
import Testing
import Wire
@testable import Cluster

/// The workshop's fold: goes on while shards come in, is interrupted anywhere, and always ends with the same bytes.
@Suite(.timeLimit(.minutes(2))) struct FoldTests {
    let folder: TemporaryFolder
    let planner = FakeKind()
    static let shards = 8

    init() throws { folder = try TemporaryFolder() }

    /// Checkpoints after every shard, and no waiting.
    static let eager = JobWorkshop.Policy(betweenSnapshots: .zero, beforeTryingAgain: .milliseconds(10))

    func bench(_ policy: JobWorkshop.Policy = eager, at name: String = "state") throws -> FoldBench {
        try FoldBench(folder.path + "/" + name, planner: planner, policy: policy)
    }

    /// What an undisturbed job comes to.
    func quiet(_ job: StoredJob) throws -> [String: Data] {
        let bench = try bench(at: "quiet-\(UUID().uuidString)")
        defer { bench.stop() }
        let same = try bench.job(shards: job.shards)
        try bench.commit(same, 0..<job.shards)
        bench.finish(same)
        _ = planner.log.take()
        return try bench.bundle(same)
    }

    @Test("shards are folded once each, in their order, as soon as none before them is missing")
    func progress() throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 1..<4)
        #expect(planner.log.take() == [])
        try bench.commit(job, 0..<1)
        #expect(planner.log.take() == [.opened(snapshot: false)] + (0..<4).map { .folded($0) })
        try bench.commit(job, 5..<8)
        #expect(planner.log.take() == [])
        try bench.commit(job, 4..<5)
        #expect(planner.log.take() == (4..<8).map { .folded($0) })
        bench.finish(job)
        #expect(planner.log.take() == [.wrote])
        #expect(try bench.store.job(job.id)?.state == .done)
        #expect(try bench.bundle(job) == quiet(job))
        #expect(bench.leftovers == [])
        #expect(bench.workshop.folds.withLock { $0.sessions.isEmpty && $0.orders.isEmpty && $0.waiting.isEmpty })
    }

    @Test("many commits are one step, and other jobs do not wait for it")
    func coalescing() throws {
        var policy = Self.eager
        policy.shardsAtOnce = 2
        let bench = try bench(policy)
        let (job, other) = (try bench.job(shards: 6), try bench.job(shards: 1))
        let queue = bench.workshop.queue(of: job.id)
        queue.suspend()
        for shard in 0..<6 { try bench.commitOne(job, shard) }
        for _ in 0..<20 { bench.workshop.shardsCommitted(job) }
        try bench.commitOne(other, 0)
        bench.workshop.finish(other, missing: [:]) {}
        bench.workshop.queue(of: other.id).sync {}
        #expect(try bench.store.job(other.id)?.state == .done)
        #expect(planner.log.take() == [.opened(snapshot: false), .folded(0), .wrote])
        queue.resume()
        bench.settle(steps: 5)
        #expect(planner.log.take() == [.opened(snapshot: false)] + (0..<6).map { .folded($0) })
    }

    @Test("a bundle that takes long to write holds up no other job, and ends soon after its job is called off")
    func longEnds() throws {
        let (writing, release, cancelled) = (
            DispatchSemaphore(value: 0), DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)
        )
        let isFirst = Count()
        var planner = planner
        planner.beforeWriting = { checkCancelled in
            isFirst.add()
            guard isFirst.value == 1 else { return }
            writing.signal()
            release.wait()
            do {
                try checkCancelled()
            } catch {
                cancelled.signal()
                throw error
            }
        }
        let bench = try FoldBench(folder.path + "/long", planner: planner, policy: Self.eager)
        let (long, short) = (try bench.job(shards: 2), try bench.job(shards: 2))
        for job in [long, short] { for shard in 0..<2 { try bench.commitOne(job, shard) } }
        bench.workshop.finish(long, missing: [:]) { Issue.record("a job that was called off has no end here") }
        writing.wait()
        let done = DispatchSemaphore(value: 0)
        bench.workshop.finish(short, missing: [:]) { done.signal() }
        #expect(done.wait(timeout: .now() + 60) == .success)
        #expect(try bench.store.job(short.id)?.state == .done && bench.store.job(long.id)?.state == .running)

        try bench.store.cancel(long)
        bench.workshop.forget(long.id)
        release.signal()
        #expect(cancelled.wait(timeout: .now() + 60) == .success)
        bench.settle()
        #expect(try bench.store.job(long.id)?.state == .cancelled)
        #expect(!bench.hasBundle(long) && bench.leftovers == [])
    }

    @Test("a restart goes on at the snapshot, wherever it was made", arguments: 1...8)
    func restart(folded: Int) throws {
        let before = try bench()
        let job = try before.job(shards: Self.shards)
        try before.commit(job, 0..<folded)
        before.stop()
        #expect(planner.log.take().count == 1 + folded)

        let bench = try bench()
        try bench.commit(job, folded..<Self.shards)
        bench.finish(job)
        #expect(
            planner.log.take() == [.opened(snapshot: true)] + (folded..<Self.shards).map { .folded($0) } + [.wrote])
        #expect(try bench.bundle(job) == quiet(job))
        #expect(bench.leftovers == [])
    }

    @Test("no snapshot is made for every shard, nor one that is too large")
    func sparing() throws {
        for policy in [JobWorkshop.Policy(), .init(betweenSnapshots: .zero, mostSnapshotBytes: 10)] {
            let bench = try bench(policy, at: UUID().uuidString)
            let job = try bench.job(shards: Self.shards)
            try bench.commit(job, 0..<5)
            #expect(planner.log.take().count == 6)
            #expect(bench.leftovers == [])
        }
    }

    @Test("a snapshot that is damaged is dropped, and the job is folded from the start")
    func damage() throws {
        for damage in 0..<6 {
            let name = "damage-\(damage)"
            let before = try bench(at: name)
            let job = try before.job(shards: Self.shards)
            try before.commit(job, 0..<5)
            before.stop()
            let file = URL(fileURLWithPath: before.snapshot(job))
            var bytes = try Data(contentsOf: file)
            switch damage {
            case 0: bytes.removeLast()
            case 1: bytes[bytes.count - 1] ^= 1
            case 2: bytes[6] ^= 1
            case 3: bytes = Data("something else".utf8)
            case 4: bytes = Data()
            // What the planner refuses, in a file that is in order.
            default:
                let snapshot = try FoldSnapshot(Array(bytes), file: file.path)
                bytes = Data(
                    FoldSnapshot(nextShard: 5, chain: snapshot.chain, folding: snapshot.folding + [0]).bytes)
            }
            try bytes.write(to: file)
            _ = planner.log.take()

            let bench = try bench(at: name)
            try bench.commit(job, 5..<Self.shards)
            bench.finish(job)
            let opened: [FoldLog.Entry] =
                damage == 5
                ? [.opened(snapshot: true), .opened(snapshot: false)] : [.opened(snapshot: false)]
            #expect(planner.log.take() == opened + (0..<Self.shards).map { .folded($0) } + [.wrote], "\(damage)")
            #expect(try bench.bundle(job) == quiet(job), "\(damage)")
        }
    }

    @Test("a snapshot says what is wrong with it")
    func snapshotErrors() throws {
        let snapshot = FoldSnapshot(
            nextShard: 3, chain: FoldChain(try #require(JobID("a-1")), [Digest(of: "0")]), folding: [1, 2, 3])
        let good = snapshot.bytes
        #expect(try FoldSnapshot(good, file: "f") == snapshot)
        func complaint(_ bytes: [UInt8]) -> InputError? {
            #expect(throws: InputError.self) { try FoldSnapshot(bytes, file: "f") }
        }
        for count in good.indices {
            let error = complaint(Array(good.prefix(count)))
            #expect(error?.place == "f")
            #expect(error?.found == "\(count) bytes of something else" || count >= 78)
        }
        for at in good.indices {
            var bytes = good
            bytes[at] ^= 0x40
            let error = complaint(bytes)
            let expected =
                switch at {
                case 0..<4: "a fold's snapshot"
                case 4..<6: "a snapshot of version 1"
                default: "content with the digest that it begins with"
                }
            #expect(error?.place == "f" && error?.expected == expected, "\(at)")
        }
    }

    @Test("a snapshot of shards that were replaced since is dropped")
    func replacedShards() throws {
        let before = try bench()
        let job = try before.job(shards: Self.shards)
        try before.commit(job, 0..<5)
        before.stop()
        _ = planner.log.take()

        let bench = try bench()
        try bench.takeBack(job, 2)
        try bench.commitOne(job, 2, as: FakeKind.other(try bench.work(job, 2)))
        try bench.commit(job, 5..<Self.shards)
        bench.finish(job)
        #expect(
            planner.log.take() == [.opened(snapshot: false)] + (0..<Self.shards).map { .folded($0) } + [.wrote])
        let digest = try Digest(of: FakeKind.other(bench.work(job, 2)))
        #expect(try bench.digests(job)[2] == "\(digest)")
    }

    @Test("what is folded in memory is held against the store at the end, too")
    func replacedMeanwhile() throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        try bench.takeBack(job, 2)
        try bench.commitOne(job, 2, as: FakeKind.other(try bench.work(job, 2)))
        _ = planner.log.take()
        bench.finish(job)
        #expect(
            planner.log.take() == [.opened(snapshot: false)] + (0..<Self.shards).map { .folded($0) } + [.wrote])
    }

    @Test("a job whose shard was taken back does not end, and is folded from the start when it is there again")
    func takenBack() throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        try bench.takeBack(job, 6)
        bench.finish(job)
        #expect(try bench.store.job(job.id)?.state == .running && !bench.hasBundle(job))
        bench.workshop.reset(job)
        bench.settle()
        #expect(bench.leftovers == [])
        _ = planner.log.take()
        try bench.commit(job, 6..<7)
        bench.finish(job)
        #expect(
            planner.log.take() == [.opened(snapshot: false)] + (0..<Self.shards).map { .folded($0) } + [.wrote])
        #expect(try bench.bundle(job) == quiet(job))
    }

    @Test("a partial job that is retried ends with the bytes of a quiet run", arguments: [false, true])
    func partialThenRetry(restarting: Bool) throws {
        var bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<3)
        try bench.commit(job, 4..<6)
        try bench.commit(job, 7..<8)
        _ = planner.log.take()
        let error = InputError("shard", expected: "a result", found: "none")
        bench.finish(job, missing: [3: error, 6: error])
        #expect(planner.log.take() == [.skipped(3), .folded(4), .folded(5), .skipped(6), .folded(7), .wrote])
        #expect(try bench.store.job(job.id)?.state == .partial)
        #expect(try bench.digests(job)[3] == "missing" && bench.digests(job)[8] == "\(error)")
        #expect(bench.leftovers == ["folds/\(job.id)"])
        let partial = try bench.bundle(job)

        if restarting {
            bench.stop()
            bench = try self.bench()
            bench.settle()
            #expect(bench.leftovers == ["folds/\(job.id)"])
        }
        try bench.retry(job)
        #expect(try bench.bundle(job) == partial)
        try bench.commit(job, 6..<7)
        try bench.commit(job, 3..<4)
        bench.finish(job)
        #expect(planner.log.take() == [.opened(snapshot: true)] + (3..<Self.shards).map { .folded($0) } + [.wrote])
        #expect(try bench.store.job(job.id)?.state == .done)
        #expect(try bench.bundle(job) == quiet(job))
        #expect(bench.leftovers == [])
    }

    @Test("a shard that is named as missing but committed counts")
    func missingButThere() throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        bench.finish(job, missing: [2: InputError("shard", expected: "a result", found: "none")])
        #expect(try bench.store.job(job.id)?.state == .done)
        #expect(try bench.bundle(job) == quiet(job))
    }

    @Test("what was folded of a job that was called off is dropped, with any order to finish it")
    func forgetting() throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<5)
        #expect(bench.leftovers == ["folds/\(job.id)"])
        bench.workshop.queue(of: job.id).suspend()
        bench.workshop.finish(job, missing: [:]) { Issue.record("an order that has lapsed") }
        try bench.store.cancel(job)
        bench.workshop.forget(job.id)
        bench.workshop.queue(of: job.id).resume()
        bench.settle()
        bench.workshop.shardsCommitted(job)
        bench.settle()
        #expect(bench.leftovers == [] && !bench.hasBundle(job))
        #expect(bench.workshop.folds.withLock { $0.sessions.isEmpty && $0.orders.isEmpty })
    }

    @Test(
        "a stored result, its digest or its number system that has changed on the disk ends the job, naming the shard",
        arguments: ["bytes", "digest", "system"])
    func damagedResult(what: String) throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        for shard in 0..<Self.shards { try bench.commitOne(job, shard) }
        let other = FakeKind.other(try bench.work(job, 4))
        try bench.store.write {
            if what == "bytes" {
                try $0.execute(sql: "UPDATE results SET bytes = ? WHERE shard = 4", arguments: [Data(other)])
            } else if what == "system" {
                try $0.execute(sql: "UPDATE shards SET instructionSet = 'avx9' WHERE shard = 4")
            } else {
                let digest = Digest(of: other).description
                try $0.execute(sql: "UPDATE shards SET digest = ? WHERE shard = 4", arguments: [digest])
            }
        }
        bench.workshop.shardsCommitted(job)
        bench.settle()
        #expect(try bench.store.job(job.id)?.state == .running)
        bench.finish(job)
        let error = try #require(try bench.store.job(job.id)?.error)
        #expect(error.place == "job \(job.id), shard 4")
        let right = try Digest(of: FakeKind.result(of: bench.work(job, 4)))
        let seal = ResultSeal(transfer: right, content: right, shard: 4, numberSystem: "avx2").text
        #expect(error.expected.hasSuffix("with the seal \(seal)") && error.found != seal)
        #expect(bench.leftovers == [] && !bench.hasBundle(job))
    }

    @Test("an end that cannot be stored is stored later", arguments: [JobState.done, .failed])
    func storedLater(state: JobState) throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        try bench.commit(job, 0..<Self.shards)
        if state == .failed {
            try bench.store.write { try $0.execute(sql: "UPDATE jobs SET record = x'00'") }
            bench.workshop.reset(job)
            bench.settle()
        }
        let stored = try #require(try bench.store.job(job.id))
        try bench.store.write {
            try $0.execute(
                sql: """
                    CREATE TRIGGER full BEFORE UPDATE ON jobs WHEN NEW.state = '\(state.rawValue)'
                    BEGIN SELECT RAISE(ABORT, 'no room'); END
                    """)
        }
        let done = try Mailbox<Bool>()
        bench.workshop.finish(stored, missing: [:]) { done.post(true) }
        bench.settle()
        #expect(try bench.store.job(job.id)?.state == .running)
        try bench.store.write { try $0.execute(sql: "DROP TRIGGER full") }
        #expect(done.takeAll(waiting: .seconds(30)) == [true])
        #expect(try bench.store.job(job.id)?.state == state)
        if state == .done { #expect(try bench.bundle(job) == quiet(job)) }
        #expect(bench.leftovers == [])
    }

    @Test("a start clears away what a fold that was killed left, and never the only bundle")
    func leftovers() throws {
        let before = try bench()
        let (done, open) = (try before.job(shards: 1), try before.job(shards: 2))
        try before.commit(done, 0..<1)
        before.finish(done)
        try before.commit(open, 0..<1)
        let bundle = try before.bundle(done)
        before.stop()
        let bundles = folder.path + "/state/bundles/"
        let files = FileManager.default
        // Killed between its two renames: the old bundle has no name, the new one not yet.
        try files.copyItem(atPath: bundles + done.id.text, toPath: bundles + ".\(open.id).old")
        try files.copyItem(atPath: bundles + done.id.text, toPath: bundles + ".\(done.id).old")
        for name in [".\(done.id).123.new", ".\(done.id).123.new.partial"] {
            try files.createDirectory(atPath: bundles + name + "/x", withIntermediateDirectories: true)
        }
        try Data().write(to: URL(fileURLWithPath: folder.path + "/state/folds/.\(open.id).5.tmp"))
        try Data().write(to: URL(fileURLWithPath: folder.path + "/state/folds/\(done.id)"))

        let bench = try bench()
        bench.settle()
        #expect(bench.leftovers == ["folds/\(open.id)"])
        #expect(try bench.bundle(done) == bundle && bench.bundle(open) == bundle)
    }

    @Test("a bundle that a killed coordinator had put in place is written again, not believed")
    func bundleInPlace() throws {
        let bench = try bench()
        let job = try bench.job(shards: Self.shards)
        let place = bench.folder.bundle(of: job.id.text)
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
        try Data("old".utf8).write(to: URL(fileURLWithPath: place + "/digests.txt"))
        try bench.commit(job, 0..<Self.shards)
        bench.finish(job)
        #expect(try bench.bundle(job) == quiet(job))
        #expect(bench.leftovers == [])
    }

    /// Random commits, restarts, kills of the snapshot, missing shards and retries: the same bytes in the end.
    @Test("whatever happens on the way, the bundle is that of a quiet run", arguments: 0..<25 as Range<UInt64>)
    func randomWay(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var policy = Self.eager
        policy.shardsAtOnce = Int.random(in: 1...4, using: &random)
        var bench = try bench(policy)
        let job = try bench.job(shards: 12)
        var open = Array(0..<12).shuffled(using: &random)
        while try bench.store.job(job.id)?.state != .done {
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                bench.stop()
                bench = try self.bench(policy)
            case 1:
                bench.workshop.reset(job)
            case 2 where open.count < 12:
                let error = InputError("shard", expected: "a result", found: "none")
                bench.finish(job, missing: Dictionary(uniqueKeysWithValues: open.map { ($0, error) }))
                if !open.isEmpty {
                    #expect(try bench.store.job(job.id)?.state == .partial)
                    try bench.retry(job)
                }
            case 3 where open.count < 12:
                let back = try #require((0..<12).filter { !open.contains($0) }.randomElement(using: &random))
                try bench.takeBack(job, back)
                open.append(back)
                bench.workshop.reset(job)
            default:
                if open.isEmpty { bench.finish(job) } else { try bench.commit(job, [open.removeLast()]) }
            }
        }
        #expect(try bench.bundle(job) == quiet(job))
        #expect(bench.leftovers == [])
        bench.stop()
    }
}
