import Foundation
import Inputs
import Prompts
import Testing
import Wire
import Work
@testable import Cluster

/// A workshop on a state folder, as one life of a coordinator has it.
final class FoldBench {
    let folder: StateFolder
    let store: JobStore
    let workshop: JobWorkshop
    private let planner: FakeKind

    init(_ path: String, planner: FakeKind, policy: JobWorkshop.Policy) throws {
        self.planner = planner
        folder = try StateFolder(path)
        store = try JobStore(folder)
        workshop = JobWorkshop(
            store: store, kinds: WorkKinds([planner]), runner: InProcessRunner(WorkKinds([planner])), build: "test",
            folder: folder, logger: quiet, policy: policy)
    }

    deinit { stop() }

    /// Ends this life; what is queued is done first, or comes too late.
    func stop() {
        settle()
        store.close()
        folder.unlock()
    }

    /// Waits for what is queued, and for what that queues, so many times.
    func settle(steps: Int = 3) {
        for _ in 0..<steps {
            for queue in workshop.folds.withLock({ Array($0.queues.values) }) { queue.sync {} }
        }
    }

    /// A planned job.
    func job(shards: Int) throws -> StoredJob {
        let source = JobSource.fake("\(shards) 20")
        let job = try store.submit(source, kind: FakeKind.name, name: "fake", ticket: .random(), at: 0)
        _ = try store.savePlan(planner.plan(source), build: "test", of: job)
        return try store.job(job.id) ?? job
    }

    func work(_ job: StoredJob, _ shard: Int) throws -> WorkShard {
        try store.shard(shard, of: job)
    }

    /// Commits shards and has them folded as far as that goes.
    func commit(_ job: StoredJob, _ shards: some Sequence<Int>) throws {
        for shard in shards {
            try commitOne(job, shard)
            workshop.shardsCommitted(job)
        }
        settle(steps: job.shards + 2)
    }

    func commitOne(_ job: StoredJob, _ shard: Int, as other: [UInt8]? = nil) throws {
        let result = try other ?? FakeKind.result(of: work(job, shard))
        var batch = StoreBatch()
        batch.commits = [
            StoreBatch.Commit(
                lease: LeaseID(job: job.id, shard: shard, epoch: 1), digest: Digest(of: result), bytes: result,
                transfer: Digest(of: result), numberSystem: "avx2",
                author: Author(id: "w", name: "w"))
        ]
        #expect(try store.apply(batch) == [])
    }

    /// A shard's result is no longer wanted.
    func takeBack(_ job: StoredJob, _ shard: Int) throws {
        var batch = StoreBatch()
        batch.retractions = [(job.id, shard)]
        _ = try store.apply(batch)
    }

    /// A partial job runs again.
    func retry(_ job: StoredJob) throws {
        _ = try store.retry(job, keepingPlan: true)
    }

    /// Finishes a job and waits for that.
    func finish(_ job: StoredJob, missing: [Int: InputError] = [:]) {
        workshop.finish(job, missing: missing) {}
        settle()
    }

    func snapshot(_ job: StoredJob) -> String { folder.fold(of: job.id.text) }

    func hasBundle(_ job: StoredJob) -> Bool { FileManager.default.fileExists(atPath: folder.bundle(of: job.id.text)) }

    /// The bundle's files.
    func bundle(_ job: StoredJob) throws -> [String: Data] {
        let path = folder.bundle(of: job.id.text)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)"))) })
    }

    /// The lines of the fake bundle.
    func digests(_ job: StoredJob) throws -> [String] {
        let text = try bundle(job)["digests.txt"].map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.components(separatedBy: "\n")
    }

    /// Checkpoints, and whatever else is not a bundle.
    var leftovers: [String] {
        ["bundles", "folds"].flatMap { part in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder.path)/\(part)")) ?? ["?"]
            return names.filter { part == "folds" || JobID($0) == nil }.sorted().map { "\(part)/\($0)" }
        }
    }
}
