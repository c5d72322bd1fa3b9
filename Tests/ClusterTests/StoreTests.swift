import Foundation
import GRDB
import Inputs
import Prompts
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

@Suite struct StoreTests {
    let folder: TemporaryFolder
    let source = JobSource(specText: "name: x", specFile: "job.yaml", folder: "/jobs")
    let plan: WorkPlan

    init() throws {
        folder = try TemporaryFolder()
        plan = WorkPlan(
            task: Payload(kind: FakeKind.name, version: 7, bytes: Array("task".utf8)), shardVersion: 9,
            shards: (0..<3).map { WorkPlan.Shard(bytes: [UInt8($0), 70, 3], tokens: 4) }, verified: [2],
            record: Array("{}".utf8))
    }

    /// Opens the state folder anew, as a new process would after a crash.
    func reopened<Value>(_ body: (JobStore) throws -> Value) throws -> Value {
        try body(JobStore(StateFolder(folder.path)))
    }

    @Test("everything that a step changed is there after a reopening")
    func reopening() throws {
        let job = try reopened {
            try $0.submit(source, kind: FakeKind.name, name: "My Villain!", ticket: .random(), at: 1_700_000_000)
        }
        #expect(job.id.text == "my-villain-1" && job.state == .planning && job.source == source)
        #expect(try reopened { try $0.savePlan(plan, build: "test", of: job) })
        let running = try #require(try reopened { try $0.job(job.id) })
        #expect(running.state == .running && running.isPlanned && running.build == "test")
        let planned = try reopened { try $0.plannedWork(of: running) }
        #expect(planned.task == plan.task && planned.record == plan.record)
        #expect(try reopened { try $0.verifiedShards(of: running) } == [2])
        #expect(running.shards == 3 && running.tokens == 12)

        let lease = LeaseID(job: job.id, shard: 1, epoch: 4)
        try reopened { try $0.save(epochs: [lease, LeaseID(job: job.id, shard: 2, epoch: 1)]) }
        let shard = Payload(kind: FakeKind.name, version: 9, bytes: plan.shards[1].bytes)
        #expect(try reopened { try $0.shard(1, of: running) } == WorkShard(index: 1, payload: shard))
        #expect(try reopened { try $0.shards(of: running) }.map(\.epoch) == [0, 4, 1])

        let bytes: [UInt8] = [1, 2, 3]
        #expect(try reopened { try $0.commit(lease, bytes) })
        let shards = try reopened { try $0.shards(of: running) }
        #expect(shards[1].committed == .init(digest: Digest(of: bytes), epoch: 4, author: Author(id: "w", name: "w")))
        #expect(shards[0].committed == nil && shards[2].committed == nil)
        #expect(try reopened { try $0.result(1, of: job) } == bytes)
        #expect(try reopened { try $0.done() } == [job.id: .init(shards: 1, tokens: 4)])

        let files = [BundleFile(name: "manifest.json", size: 3, digest: Digest(of: bytes))]
        for shard in [0, 2] {
            let lease = LeaseID(job: job.id, shard: shard, epoch: 1)
            #expect(try reopened { try $0.commit(lease, bytes) })
        }
        let digests = [Digest](repeating: Digest(of: bytes), count: 3)
        #expect(try reopened { try $0.finish(running, files: files, digests: digests) })
        let done = try #require(try reopened { try $0.job(job.id) })
        #expect(done.state == .done && done.files == files)
        #expect(throws: InputError.self) { try reopened { try $0.result(1, of: job) } }
    }

    @Test("quarantine, verification, retraction and story are there after a reopening; a retry forgets the quarantine")
    func shardsOfAllKinds() throws {
        let job = try reopened { try $0.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0) }
        _ = try reopened { try $0.savePlan(plan, build: "test", of: job) }
        let error = InputError("shard", expected: "luck", found: "none", kind: .temporary)
        let line = StoryLine(at: 7, epoch: 1, event: "leased", worker: "w", reason: "first")
        _ = try reopened { try $0.commit(LeaseID(job: job.id, shard: 0, epoch: 1), [1]) }
        _ = try reopened { try $0.commit(LeaseID(job: job.id, shard: 1, epoch: 1), [2]) }
        var batch = StoreBatch()
        batch.quarantines = [(job.id, 2, error)]
        let voices = [Author(id: "k", name: "h:1"), Author(id: "l", name: "h:2")]
        batch.verifications = [.init(job: job.id, shard: 1, outcome: .agreed, authors: voices)]
        batch.retractions = [(job.id, 0)]
        batch.story = [.init(job: job.id, shard: 1, line: line)]
        let refused = try reopened { [batch] store in try store.apply(batch) }
        #expect(refused.isEmpty)
        let shards = try reopened { try $0.shards(of: job) }
        #expect(shards[0].committed == nil && shards[1].verification == .agreed && shards[2].quarantined == error)
        #expect(try reopened { try $0.quarantined(of: job, limit: 9) }.shards == [.init(shard: 2, error: error)])
        #expect(try reopened { try $0.verifications(of: job) } == [.agreed: 1])
        #expect(try reopened { try $0.story(of: job, shard: 1, limit: 9) } == [line])
        #expect(throws: InputError.self) { try reopened { try $0.result(0, of: job) } }

        #expect(try reopened { try $0.finish(job, files: [], digests: [nil, Digest(of: [2]), nil]) })
        #expect(try reopened { try $0.jobs(with: Author(id: "w", name: "w")) }.map(\.shards) == [1])
        #expect(try reopened { try $0.result(1, of: job) } == [2], "a partial job keeps its results")
        #expect(try reopened { try $0.retry(job, keepingPlan: true) } == .running(shards: 2))
        #expect(try reopened { try $0.job(job.id) }?.state == .running)
        #expect(try reopened { try $0.shards(of: job) }[2].quarantined == nil)
    }

    @Test("disputes, convictions and pins are there after a reopening; a retry computes what is in dispute anew, twice")
    func disputes() throws {
        let job = try reopened { try $0.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0) }
        _ = try reopened { try $0.savePlan(plan, build: "test", of: job) }
        for shard in 0..<3 { _ = try reopened { try $0.commit(LeaseID(job: job.id, shard: shard, epoch: 1), [1]) } }
        let (challenger, bad) = (Author(id: "c", name: "h:2"), Author(id: "b", name: "h:3"))
        let large = [UInt8](repeating: 7, count: ResultFiles.largestRow + 1)
        var batch = StoreBatch()
        for (shard, bytes) in [(0, [9]), (1, large)] {
            batch.challenges[.init(job: job.id, shard: shard)] = .kept(
                .init(
                    epoch: 2, author: challenger, what: "much", bytes: bytes, transfer: Digest(of: bytes),
                    numberSystem: "avx2"))
        }
        batch.convictions = [(bad, "all of it")]
        batch.pins = [job.id: "cpu/avx2"]
        #expect(!batch.canWait)
        _ = try reopened { [batch] in try $0.apply(batch) }
        #expect(try reopened { try $0.convicted() } == [bad] && reopened { try $0.convicted() }.map(\.name) == ["h:3"])
        #expect(try reopened { try $0.job(job.id) }?.numberSystem == "cpu/avx2")
        #expect(
            try reopened { try $0.challenge(0, of: job) } == StoredResult(bytes: [9], numberSystem: "avx2")
                && reopened { try $0.challenge(1, of: job) }.bytes == large)
        let shards = try reopened { try $0.shards(of: job) }
        #expect(shards.map(\.challenge?.author.name) == ["h:2", "h:2", nil])
        #expect(shards.map(\.wasDisputed) == [true, true, false] && shards[0].challenge?.what == "much")

        var dropping = StoreBatch()
        dropping.challenges[.init(job: job.id, shard: 1)] = .dropped
        _ = try reopened { [dropping] in try $0.apply(dropping) }
        #expect(throws: InputError.self) { try reopened { try $0.challenge(1, of: job) } }

        try reopened { try $0.fail(job, InputError("shard 0", expected: "agreement", found: "none")) }
        let failed = try #require(try reopened { try $0.job(job.id) })
        #expect(failed.state == .failed)
        #expect(try reopened { try $0.result(2, of: job) } == [1], "a failed job keeps its results")
        #expect(try reopened { try $0.retry(failed, keepingPlan: true) } == .running(shards: 1))
        let again = try reopened { try $0.shards(of: job) }
        #expect(again.map { $0.committed == nil } == [true, false, false] && again[0].challenge == nil)
        #expect(try reopened { try $0.verifiedShards(of: job) }.contains(0))
        #expect(try reopened { try $0.job(job.id) }?.error == nil)
    }

    @Test("a ticket that comes again names the job that it came with first")
    func tickets() throws {
        let ticket = InstanceID.random()
        let jobs = try (0..<2).map { _ in
            try reopened { try $0.submit(source, kind: FakeKind.name, name: "x", ticket: ticket, at: 0) }
        }
        #expect(jobs[0].id == jobs[1].id)
        #expect(try reopened { try $0.jobs() }.count == 1)
    }

    @Test("a database whose maker was killed after the migrator's own table is made is ours")
    func killedEarly() throws {
        try reopened { store in
            try store.write {
                for table in ["story", "results", "challenges", "convictions", "shards", "jobs"] {
                    try $0.execute(sql: "DROP TABLE \(table)")
                }
                try $0.execute(sql: "DELETE FROM grdb_migrations; PRAGMA application_id = 0")
            }
        }
        #expect(try reopened { try $0.jobs() }.isEmpty)
    }

    @Test("a job ends with what was folded or not at all, and keeps its results while shards are missing")
    func partialEnd() throws {
        let store = try JobStore(StateFolder(folder.path))
        let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        _ = try store.savePlan(plan, build: "test", of: job)
        let digest = Digest(of: [1])
        #expect(try store.commit(LeaseID(job: job.id, shard: 1, epoch: 1), [1]))
        for other in [[digest, digest, nil], [nil, nil, nil], [nil, Digest(of: [2]), nil], [nil, digest]] {
            #expect(try !store.finish(job, files: [], digests: other))
        }
        #expect(try store.job(job.id)?.state == .running)
        #expect(try store.finish(job, files: [], digests: [nil, digest, nil]))
        #expect(try store.job(job.id)?.state == .partial)
        #expect(try store.result(1, of: job) == [1])
    }

    @Test("an epoch never falls back")
    func epochs() throws {
        let store = try JobStore(StateFolder(folder.path))
        let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        _ = try store.savePlan(plan, build: "test", of: job)
        try store.save(epochs: [LeaseID(job: job.id, shard: 0, epoch: 7)])
        try store.save(epochs: [LeaseID(job: job.id, shard: 0, epoch: 3)])
        #expect(try store.shards(of: job)[0].epoch == 7)
    }

    @Test("a second result for a shard is refused and changes nothing")
    func secondCommit() throws {
        let store = try JobStore(StateFolder(folder.path))
        let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        _ = try store.savePlan(plan, build: "test", of: job)
        let lease = LeaseID(job: job.id, shard: 0, epoch: 1)
        #expect(try store.commit(lease, [1]))
        #expect(try !store.commit(lease, [2]))
        #expect(try store.result(0, of: job) == [1])
    }

    @Test("what comes for a job that was called off a moment ago is not stored; a failed one keeps it for a retry")
    func lateCommit() throws {
        let store = try JobStore(StateFolder(folder.path))
        for isCancelled in [true, false] {
            let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
            _ = try store.savePlan(plan, build: "test", of: job)
            let lease = LeaseID(job: job.id, shard: 0, epoch: 1)
            #expect(try store.commit(lease, [1]))
            if isCancelled {
                try store.cancel(job)
            } else {
                try store.fail(job, InputError("shard 0", expected: "agreement", found: "none"))
            }
            var batch = StoreBatch()
            batch.challenges[.init(job: job.id, shard: 0)] = .kept(
                .init(
                    epoch: 2, author: Author(id: "c", name: "h:2"), what: "much", bytes: [9], transfer: Digest(of: [9]),
                    numberSystem: "avx2"))
            _ = try store.apply(batch)
            #expect(try store.commit(LeaseID(job: job.id, shard: 1, epoch: 1), [2]) == !isCancelled)
            for table in ["results", "challenges"] {
                let count = try store.read { [sequence = job.sequence] in
                    try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(table) WHERE job = ?", arguments: [sequence])
                }
                #expect((count == 0) == isCancelled, "\(table): \(count ?? -1)")
            }
        }
    }

    @Test("a commit that fails half-way leaves no trace")
    func halfCommit() throws {
        let store = try JobStore(StateFolder(folder.path))
        let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        _ = try store.savePlan(plan, build: "test", of: job)
        // The transaction's second statement meets a row that is there already.
        try store.write { try $0.execute(sql: "INSERT INTO results (job, shard, bytes) VALUES (1, 0, x'00')") }
        let lease = LeaseID(job: job.id, shard: 0, epoch: 1)
        let error = #expect(throws: InputError.self) {
            _ = try store.commit(lease, [1])
        }
        #expect(error?.kind == .temporary)
        #expect(try store.shards(of: job)[0].committed == nil)
    }

    @Test("a plan for a job that was called off is not taken")
    func latePlan() throws {
        let store = try JobStore(StateFolder(folder.path))
        let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        try store.cancel(job)
        #expect(try !store.savePlan(plan, build: "test", of: job))
        #expect(try store.job(job.id)?.state == .cancelled)
        try store.fail(job, InputError("late", expected: "", found: ""))
        #expect(try store.job(job.id)?.state == .cancelled)
    }

    @Test("an error keeps its kind and its text")
    func errors() throws {
        let store = try JobStore(StateFolder(folder.path))
        let job = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        let error = InputError("a.yaml:3", expected: "this", found: "that", hint: "so", kind: .configuration)
        try store.fail(job, error)
        #expect(try store.job(job.id)?.error == error)
    }

    @Test("commits wait for the disk")
    func synchronous() throws {
        let store = try JobStore(StateFolder(folder.path))
        #expect(try store.synchronous() == 2)
    }

    @Test("a state folder in use is refused, naming it and who has it")
    func locking() throws {
        let first = try StateFolder(folder.path)
        let error = #expect(throws: InputError.self) { try StateFolder(folder.path) }
        #expect(error?.place == folder.path)
        #expect(error?.found == "one in use by process \(getpid())")
        #expect(first.path == folder.path)
    }

    @Test("a state folder that cannot be made is refused")
    func unwritable() throws {
        let error = #expect(throws: InputError.self) { try StateFolder("/proc/actdiff") }
        #expect(error?.place == "/proc/actdiff" && error?.kind == .configuration)
    }

    @Test(
        "whatever changes of a stored plan is found when it is read",
        arguments: [
            "jobs SET specText = 'order: 9 9'", "jobs SET folder = '/other'", "jobs SET taskBytes = x'00'",
            "jobs SET taskVersion = 4", "jobs SET record = x'6b65'", "jobs SET shardVersion = 4",
            "jobs SET pinned = 1", "shards SET seal = NULL WHERE shard = 1",
            "shards SET tokens = 3 WHERE shard = 1",
            "shards SET work = CAST(substr(work, 1, 3) || x'41' || substr(work, 5) AS BLOB) WHERE shard = 1",
        ])
    func damagedPlan(change: String) throws {
        let store = try JobStore(StateFolder(folder.path))
        defer { store.close() }
        let planner = FakeKind()
        let source = JobSource.fake("3 20")
        let submitted = try store.submit(source, kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        _ = try store.savePlan(planner.plan(source), build: "test", of: submitted)
        func readAll() throws {
            let job = try #require(try store.job(submitted.id))
            let work = try store.plannedWork(of: job)
            for shard in 0..<work.shardCount { _ = try work.shard(shard) }
        }
        try readAll()
        try store.write { try $0.execute(sql: "UPDATE \(change)") }
        #expect(#expect(throws: InputError.self) { try readAll() }?.hint.contains("disk is damaged") == true)
    }

    @Test("a database of a later version is refused with both schemas named")
    func newerSchema() throws {
        _ = try reopened { try $0.jobs() }
        let other = try DatabaseQueue(path: folder.path + "/jobs.sqlite")
        try other.write { try $0.execute(sql: "INSERT INTO grdb_migrations VALUES ('9 the future')") }
        try other.close()
        let error = #expect(throws: InputError.self) { try reopened { _ in } }
        #expect(error?.kind == .configuration)
        #expect(
            error?.expected == "a schema up to '8 number systems of challenges'"
                && error?.found == "one with '9 the future'")
    }

    @Test("another program's database is refused and left alone")
    func strangers() throws {
        let other = try DatabaseQueue(path: folder.path + "/jobs.sqlite")
        try other.write { try $0.execute(sql: "CREATE TABLE theirs (x)") }
        try other.close()
        let error = #expect(throws: InputError.self) { try reopened { _ in } }
        #expect(error?.found == "another program's (application id 0)" && error?.kind == .configuration)
    }

    @Test("a file that is no database is refused")
    func noDatabase() throws {
        try Data("this is not a database, whatever its name says".utf8).write(
            to: URL(fileURLWithPath: folder.path + "/jobs.sqlite"))
        let error = #expect(throws: InputError.self) { try reopened { _ in } }
        #expect(error?.expected == "actdiff's job database" && error?.found == "file is not a database")
    }
}

extension JobStore {
    /// Stores one result; false where the shard has one.
    fileprivate func commit(_ lease: LeaseID, _ bytes: [UInt8]) throws -> Bool {
        var batch = StoreBatch()
        batch.commits = [
            .init(
                lease: lease, digest: Digest(of: bytes), bytes: bytes, transfer: Digest(of: bytes),
                numberSystem: "avx2", author: Author(id: "w", name: "w"))
        ]
        return try apply(batch).isEmpty
    }

    fileprivate func save(epochs: [LeaseID]) throws {
        var batch = StoreBatch()
        batch.epochs = epochs.map { .init(lease: $0, holder: .random()) }
        _ = try apply(batch)
    }
}

@Suite struct ClosingStoreTests {
    @Test("closing waits for whoever reads, and later calls throw")
    func closing() throws {
        let folder = try TemporaryFolder()
        let store = try JobStore(StateFolder(folder.path))
        let hasRead = DispatchSemaphore(value: 0)
        for _ in 0..<4 {
            DispatchQueue.global().async {
                while (try? store.jobs()) != nil { hasRead.signal() }
            }
        }
        for _ in 0..<100 { hasRead.wait() }
        store.close()
        let error = #expect(throws: InputError.self) { try store.jobs() }
        #expect(error?.expected == "a working database" && error?.found == "one that is closed")
    }
}
