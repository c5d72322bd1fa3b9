import Dispatch
import Foundation
import GRDB
import Inputs
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// Jobs that have ended go, whole, and many of them cost nothing.
@Suite(.timeLimit(.minutes(5))) struct RetentionTests {
    let folder: TemporaryFolder
    let planner = FakeKind()

    init() throws { folder = try TemporaryFolder() }

    func bench(_ name: String = "state") throws -> FoldBench {
        try FoldBench(folder.path + "/" + name, planner: planner, policy: FoldTests.eager)
    }

    /// A job that is done, with a bundle and lines of a story.
    func done(_ bench: FoldBench, shards: Int = 3) throws -> StoredJob {
        let job = try bench.job(shards: shards)
        try bench.commit(job, 0..<shards)
        var batch = StoreBatch()
        batch.story = [
            .init(
                job: job.id, shard: 0, line: StoryLine(at: 1, epoch: 1, event: "leased", worker: "w", reason: ""))
        ]
        _ = try bench.store.apply(batch)
        bench.finish(job)
        return try #require(try bench.store.job(job.id))
    }

    /// Rows of every table.
    func rows(_ store: JobStore) throws -> [String: Int] {
        try store.read { db in
            try Dictionary(
                uniqueKeysWithValues: ["jobs", "shards", "results", "story"].map { table in
                    (table, try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(table)") ?? -1)
                })
        }
    }

    /// Waits for what is to be cleared away.
    func cleared(_ bench: FoldBench) { bench.workshop.clearing.sync {} }

    @Test("a removed job is gone with all that was of it; others stay, and its number is not given again")
    func removal() throws {
        let bench = try bench()
        let (job, other) = (try done(bench), try done(bench))
        #expect(job.state == .done && bench.hasBundle(job))
        #expect(try bench.store.markRemoved(job))
        // From now on nobody sees it, whatever is left.
        #expect(try bench.store.job(job.id) == nil && bench.store.jobs().map(\.id) == [other.id])
        #expect(try bench.store.list(limit: 10).map(\.id) == [other.id] && bench.store.jobCounts() == [.done: 1])
        #expect(try !bench.store.markRemoved(job) && bench.store.retry(job, keepingPlan: true) == nil)
        bench.workshop.clear()
        cleared(bench)
        #expect(try rows(bench.store) == ["jobs": 1, "shards": 3, "results": 0, "story": 1])
        #expect(!bench.hasBundle(job) && bench.hasBundle(other) && bench.leftovers == [])
        #expect(try bench.job(shards: 1).id.text == "fake-3")
    }

    @Test("a job that has not ended is not removed")
    func openJobs() throws {
        let bench = try bench()
        let running = try bench.job(shards: 2)
        #expect(try !bench.store.markRemoved(running))
        let planning = try bench.store.submit(
            JobSource.fake("2 2"), kind: FakeKind.name, name: "x", ticket: .random(), at: 0)
        #expect(try !bench.store.markRemoved(planning))
        #expect(try bench.store.markRemoved(endedBefore: .max, limit: 10).isEmpty)
        #expect(try bench.store.jobs().count == 2)
    }

    @Test("what a coordinator that was killed had begun to remove, the next one removes", arguments: [false, true])
    func interruption(bundleIsGone: Bool) throws {
        let before = try bench()
        let job = try done(before, shards: 5)
        #expect(try before.store.markRemoved(job))
        if bundleIsGone {
            try Bundle(folder: before.folder.bundle(of: job.id.text)).remove()
            let removed = try #require(try before.store.removedJobs().first)
            #expect(try before.store.removeRows(of: removed, atMost: 2))
        }
        before.stop()

        let bench = try bench()
        cleared(bench)
        #expect(try rows(bench.store) == ["jobs": 0, "shards": 0, "results": 0, "story": 0])
        #expect(!bench.hasBundle(job) && bench.leftovers == [])
    }

    @Test("a partial job goes with its results and the fold's snapshot")
    func partialJob() throws {
        let bench = try bench()
        let job = try bench.job(shards: 3)
        try bench.commit(job, 0..<2)
        bench.finish(job, missing: [2: InputError("x", expected: "y", found: "z")])
        #expect(try bench.store.job(job.id)?.state == .partial && bench.leftovers != [])
        #expect(try bench.store.markRemoved(job))
        bench.workshop.clear()
        cleared(bench)
        #expect(try rows(bench.store)["results"] == 0 && bench.leftovers == [] && !bench.hasBundle(job))
    }

    @Test("the file becomes smaller, also one of an earlier version")
    func room() throws {
        let state = try StateFolder(folder.path + "/old")
        // As earlier versions made it: no room is ever given back.
        let old = try DatabaseQueue(path: state.database)
        try JobStore.migrator.migrate(old)
        #expect(try old.read { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") } == 0)
        try old.close()
        state.unlock()
        for name in ["old", "new"] {
            let bench = try bench(name)
            #expect(try bench.store.read { try Int.fetchOne($0, sql: "PRAGMA auto_vacuum") } == 2)
            let job = try done(bench)
            // Lines of a story are rows like any other.
            try bench.store.write { db in
                try db.execute(
                    sql: """
                        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                        INSERT INTO story SELECT ?, 0, i, 1, 'leased', 'w', hex(zeroblob(50)) FROM n
                        """, arguments: [job.sequence])
            }
            func pages(_ kind: String) throws -> Int? {
                try bench.store.read { try Int.fetchOne($0, sql: "PRAGMA \(kind)_count") }
            }
            let before = try #require(try pages("page"))
            #expect(try bench.store.markRemoved(job))
            bench.workshop.clear()
            cleared(bench)
            #expect(try pages("freelist") == 0)
            let after = try #require(try pages("page"))
            #expect(after < before / 4, "\(before) pages before, \(after) after")
        }
    }

    @Test("a clean end leaves no log of changes behind")
    func writeAheadLog() throws {
        let bench = try bench()
        let job = try done(bench)
        try bench.store.write { try $0.execute(sql: "UPDATE jobs SET name = hex(zeroblob(1000000))") }
        let log = bench.folder.path + "/jobs.sqlite-wal"
        func size() -> Int {
            ((try? FileManager.default.attributesOfItem(atPath: log)[.size]) as? NSNumber)?.intValue ?? 0
        }
        #expect(size() > 1_000_000 && job.state == .done)
        bench.stop()
        #expect(size() == 0)
    }

    @Test("operators remove and prune; what runs is refused; the configuration keeps jobs for so long")
    func throughTheCoordinator() throws {
        let state = folder.path + "/state"
        let bench = try bench()
        let jobs = try (0..<3).map { _ in try done(bench) }
        let running = try bench.job(shards: 1)
        // A year old.
        let old = Int(Date().timeIntervalSince1970) - 365 * 86_400
        try bench.store.write {
            try $0.execute(sql: "UPDATE jobs SET ended = ? WHERE sequence = ?", arguments: [old, jobs[2].sequence])
        }
        bench.stop()
        var config = CoordinatorConfig(state: state)
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        let service = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([planner]), build: "test", logger: quiet))
        let client = try CoordinatorClient(endpoint: service.endpoints.control)
        try client.remove(jobs[0].id)
        #expect(try client.jobs().map(\.id) == [jobs[1].id, jobs[2].id, running.id])
        let refused = #expect(throws: InputError.self) { try client.remove(running.id) }
        #expect(refused?.kind == .usage && refused?.hint == "call it off first: actdiff cancel \(running.id)")
        let unknown = #expect(throws: InputError.self) { try client.remove(jobs[0].id) }
        #expect(unknown?.found == "no such job")
        let month = try #require(Age("30d"))
        for isTrial in [true, false] {
            var named: [JobID] = []
            try client.prune(olderThan: month, isTrial: isTrial) { named += $0.map(\.id) }
            #expect(named == [jobs[2].id])
        }
        #expect(try client.jobs().map(\.id) == [jobs[1].id, running.id])
        service.stop()

        // The rest is a day old when the next coordinator comes, which keeps jobs for half a day.
        let store = try JobStore(StateFolder(state))
        try store.write { try $0.execute(sql: "UPDATE jobs SET ended = ended - 86400") }
        store.close()
        config.keep = Age("12h")
        let second = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([planner]), build: "test", logger: quiet))
        defer { second.stop() }
        let again = try CoordinatorClient(endpoint: second.endpoints.control)
        let deadline = ContinuousClock.now + .seconds(60)
        var left: [JobID] = []
        repeat { left = try again.jobs().map(\.id) } while left != [running.id] && ContinuousClock.now < deadline
        #expect(left == [running.id])
    }

    @Test("files are read by the archive alone: who asks it does not wait")
    func slowFiles() throws {
        let bench = try bench()
        let job = try done(bench)
        let archive = Archive(store: bench.store, folder: bench.folder)
        let request = OperatorRequest.fetch(job.id, file: "large.bin", offset: 0)
        #expect(Archive.answers(request) && Archive.answers(.list) && Archive.answers(.bundleFiles(job.id)))
        let replies = try #require(Mailboxes.make(OperatorReply.self))
        archive.queue.suspend()
        archive.reply(to: request) { replies.post($0) }
        #expect(replies.takeAll().isEmpty)
        archive.queue.resume()
        guard case .bytes(let bytes, _)? = replies.takeAll(waiting: .seconds(60)).first else {
            Issue.record("no answer, or one without bytes")
            return
        }
        #expect(!bytes.isEmpty)
    }

    @Test("ages have a number and a unit", arguments: ["", "30", "d", "-1d", "0d", "1e30d", "30 d", "nan", "infd"])
    func noAge(text: String) {
        #expect(Age(text) == nil)
        #expect(Age("30d")?.seconds == 30 * 86_400 && Age("90s")?.seconds == 90)
    }

    @Test("with ten thousand ended jobs of 50 shards each, a coordinator starts and lists jobs quickly")
    func tenThousandJobs() throws {
        let state = folder.path + "/state"
        let before = try JobStore(StateFolder(state))
        try before.write { db in
            // Specs and tasks as large as real ones; tokens of a shard are less here.
            try db.execute(
                sql: """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
                    INSERT INTO jobs (
                        id, name, submitted, specText, specFile, folder, state, taskBytes, record, shards, tokens, ended,
                        doneShards, doneTokens)
                    SELECT 'old-' || i, 'old', i, hex(zeroblob(1000)), 'job.yaml', '/', 'done', zeroblob(2000),
                        zeroblob(4000), 50, 5000, i, 50, 5000 FROM n;
                    WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i < 49)
                    INSERT INTO shards (job, shard, tokens, epoch, digest, committedEpoch, worker, work)
                    SELECT sequence, s.i, 100, 1, hex(zeroblob(32)), 1, 'w', zeroblob(100) FROM jobs, s;
                    """)
        }
        before.close()
        let clock = ContinuousClock()
        var store: JobStore?
        let opening = try clock.measure { store = try JobStore(StateFolder(state)) }
        let open = try #require(store)
        // Tasks here are none: a look at one would fail.
        var counts: [Int?] = []
        let resuming = try clock.measure { counts.append(try open.openJobs().count) }
        let listing = try clock.measure { counts.append(try open.list(limit: WireLimits.rows).count) }
        let latest = try open.list(limit: 3)
        #expect(latest.map(\.id.text) == ["old-9998", "old-9999", "old-10000"])
        #expect(latest[0].done == JobStore.Done(shards: 50, tokens: 5000))
        open.close()
        var config = CoordinatorConfig(state: state)
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        var service: CoordinatorService?
        var client: CoordinatorClient?
        let serving = try clock.measure {
            service = try CoordinatorService(
                config, parts: .init(kinds: WorkKinds([planner]), build: "test", logger: quiet))
            client = try service.map { try CoordinatorClient(endpoint: $0.endpoints.control) }
            _ = try client?.workers()
        }
        defer { service?.stop() }
        let asking = try clock.measure { counts.append(try client?.jobs().count) }
        #expect(counts == [0, 10_000, 10_000])
        print(
            "10,000 ended jobs: store opened in \(opening), jobs taken up in \(resuming), listed in \(listing); "
                + "coordinator answers after \(serving), lists in \(asking)")
        // A guard against a scan of everything that hangs; the figures stand above.
        #expect(opening + resuming + listing + serving + asking < .seconds(60))
        let day = try #require(Age("1d"))
        var pruned = 0
        let ages = try clock.measure { try client?.prune(olderThan: day, isTrial: false) { pruned += $0.count } }
        #expect(pruned == 10_000)
        #expect(try client?.jobs().isEmpty == true)
        print("10,000 jobs removed, for those who look, in \(ages)")
    }
}
