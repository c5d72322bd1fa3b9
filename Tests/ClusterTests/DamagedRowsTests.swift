import Foundation
import GRDB
import Inputs
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// A database with rows that nobody stored like this: their job fails with an error that names the row, others go on.
@Suite(.timeLimit(.minutes(2))) struct DamagedRowsTests {
    let folder: TemporaryFolder
    private let good: StoredJob
    private let bad: StoredJob

    init() throws {
        folder = try TemporaryFolder()
        let state = try StateFolder(folder.path)
        let store = try JobStore(state)
        let source = JobSource.fake("3 5")
        let jobs = try ["good", "bad"].map { name in
            let job = try store.submit(source, kind: FakeKind.name, name: name, ticket: .random(), at: 7)
            #expect(try store.savePlan(FakeKind().plan(source, progress: ComputeProgress()), build: "test", of: job))
            return try #require(try store.job(job.id))
        }
        (good, bad) = (jobs[0], jobs[1])
        store.close()
        state.unlock()
    }

    private func damage(_ sql: String) throws {
        let other = try DatabaseQueue(path: folder.path + "/jobs.sqlite")
        try other.write { try $0.execute(sql: "PRAGMA ignore_check_constraints = ON; \(sql)") }
        try other.close()
    }

    private func opened<Value>(_ body: (JobStore) throws -> Value) throws -> Value {
        let state = try StateFolder(folder.path)
        defer { state.unlock() }
        let store = try JobStore(state)
        defer { store.close() }
        return try body(store)
    }

    @Test(
        "a job whose own row is damaged has failed, and is no hindrance to others",
        arguments: [
            "state = 'runnnig'", "shards = -1", "shards = 9000000000000000000", "tokens = -5", "shardVersion = 70000",
            "submitted = -1", "error = 'no JSON'", "files = '[{}]'",
        ])
    func jobs(_ change: String) throws {
        try damage("UPDATE jobs SET \(change) WHERE sequence = \(bad.sequence)")
        try opened { store in
            #expect(try store.openJobs().map(\.id) == [good.id])
            let listed = try store.list(limit: 10)
            #expect(listed.map(\.id) == [good.id, bad.id] && listed.map(\.state) == [.running, .failed])
            #expect(try store.jobCounts() == [.running: 1, .failed: 1])
        }
        let other = try DatabaseQueue(path: folder.path + "/jobs.sqlite")
        let error = try other.read {
            try String.fetchOne($0, sql: "SELECT error FROM jobs WHERE sequence = ?", arguments: [bad.sequence])
        }
        #expect(error?.contains("jobs.sqlite: job number \(bad.sequence)") == true, "\(error ?? "")")
        try other.close()
    }

    @Test(
        "a shard's row that is damaged is an error that names it",
        arguments: [
            "epoch = -1", "epoch = 9000000000000000000", "digest = 'x', committedEpoch = 1",
            "digest = '\(String(repeating: "0", count: 64))', committedEpoch = NULL", "verification = 'maybe'",
            "quarantined = '{'", "holder = 'nobody'", "shard = 7",
        ])
    func shards(_ change: String) throws {
        try damage("UPDATE shards SET \(change) WHERE job = \(bad.sequence) AND shard = 1")
        try opened { store in
            let error = try inputError { try store.shards(of: bad) }
            #expect(error.place == "jobs.sqlite: job \(bad.id), shard 1" && error.kind == .configuration)
            #expect(try store.shards(of: good).count == 3)
        }
    }

    @Test("a shard that is gone, or one too many, is an error that names it")
    func missingShards() throws {
        try damage("DELETE FROM shards WHERE job = \(bad.sequence) AND shard = 2")
        let gone = try opened { store in try inputError { try store.shards(of: bad) } }
        #expect(gone.place == "jobs.sqlite: job \(bad.id), shard 2")
        let asked = try opened { store in try inputError { try store.shard(2, of: bad) } }
        #expect(asked.kind == .configuration)
        try damage("UPDATE shards SET tokens = -1 WHERE job = \(bad.sequence) AND shard = 1")
        let negative = try opened { store in try inputError { try store.tokens(of: bad) } }
        #expect(negative.place == "jobs.sqlite: job \(bad.id), shard 1")
    }

    @Test("a coordinator starts with a damaged job: that one has failed, the other one is computed")
    func coordinator() throws {
        try damage("UPDATE shards SET digest = 'x', committedEpoch = 1 WHERE job = \(bad.sequence) AND shard = 1")
        let kind = FakeKind()
        var config = CoordinatorConfig(state: folder.path)
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        let coordinator = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([kind]), build: "test", logger: quiet))
        defer { coordinator.stop() }
        let worker = try WorkerService(connect: coordinator.endpoints, parts: .init(FakeEvaluator()))
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        #expect(kind.folded?.takeAll(waiting: .seconds(60)).first?.count == 3)
        let summary = try client.show(bad.id).summary
        #expect(summary.state == .failed)
        #expect(summary.error?.place == "jobs.sqlite: job \(bad.id), shard 1")
        worker.drain()
        #expect(try worker.waitForEnd() == .drained)
    }
}
