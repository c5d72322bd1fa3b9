import Foundation
import Inputs
import Monitoring
import Wire

/// The coordinator's pages below `/api/v1/`, as JSON; `docs/monitoring.md` describes every field.
///
/// They are made of the store and of the last snapshot, on the thread of the status server, so the deciding thread
/// neither waits for them nor is waited for.
public struct StatusPages: Sendable {
    private let store: JobStore
    private let board: SnapshotBoard

    /// Pages of a store and what runs on it.
    public init(store: JobStore, board: SnapshotBoard) {
        self.store = store
        self.board = board
    }

    /// The page at a path: `jobs`, `jobs/ID`, `jobs/ID/shards/N` or `workers`; nil for another path. Throws
    /// `StatusProblem` for a job or shard that is not there, or while the store cannot be read.
    public func page(_ path: [String]) throws -> [UInt8]? {
        do {
            switch path.count {
            case 1 where path[0] == "jobs": return try Self.json(JobsPage(jobs: jobs()))
            case 1 where path[0] == "workers": return try Self.json(WorkersPage(workers: workers { _ in true }))
            case 2 where path[0] == "jobs": return try Self.json(detail(of: find(path[1])))
            case 4 where path[0] == "jobs" && path[2] == "shards":
                return try Self.json(story(of: find(path[1]), shard: path[3]))
            default: return nil
            }
        } catch let error as InputError {
            throw StatusProblem(.unavailable, error.place, expected: error.expected, found: error.found)
        }
    }

    /// The text of `/metrics`, with the jobs counted now. While the store cannot be read they stay as they were: the
    /// other metrics are what is needed then.
    public func text(of metrics: CoordinatorMetrics) -> String {
        if let counts = try? store.jobCounts() {
            for state in JobState.allCases { metrics.jobs[state].set(counts[state] ?? 0) }
        }
        return metrics.text()
    }

    private func find(_ name: String) throws -> StoredJob {
        guard let id = JobID(name), let job = try store.job(id) else {
            throw StatusProblem(.notFound, "job \(name)", expected: "a job of this coordinator", found: "no such job")
        }
        return job
    }

    private func jobs() throws -> [JobPage] {
        try store.list(limit: WireLimits.rows).map(JobPage.init)
    }

    private func detail(of job: StoredJob) throws -> JobDetailPage {
        let quarantined = try store.quarantined(of: job, limit: WireLimits.listedShards)
        let outcomes = try store.verifications(of: job)
        let states = board.snapshot.shards[job.id]
        return JobDetailPage(
            job: JobPage(job, done: try store.done(of: job.id)[job.id], quarantined: quarantined.count),
            shardStates: OrNull(
                value: states.map { states in
                    Dictionary(
                        uniqueKeysWithValues: CoordinatorMetrics.Shard.allCases.map { ($0.rawValue, states[$0] ?? 0) })
                }),
            quarantined: quarantined.shards.map { QuarantinePage(shard: $0.shard, error: ErrorPage($0.error)) },
            verification: Dictionary(
                uniqueKeysWithValues: Scheduler.Verification.allCases.map { ($0.rawValue, outcomes[$0] ?? 0) }),
            workers: workers { $0.contains(job.id) })
    }

    private func story(of job: StoredJob, shard text: String) throws -> StoryPage {
        guard let shard = Int(text), (0..<job.shards).contains(shard) else {
            throw StatusProblem(
                .notFound, "job \(job.id)", expected: "a shard from 0 to \(job.shards - 1)", found: text)
        }
        let lines = try store.story(of: job, shard: shard, limit: WireLimits.rows)
        return StoryPage(job: job.id.text, shard: shard, story: lines.map(StoryLinePage.init))
    }

    private func workers(where isWanted: (Set<JobID>) -> Bool) -> [WorkerPage] {
        board.snapshot.workers.filter { isWanted($0.jobs) }.prefix(WireLimits.rows).map(WorkerPage.init)
    }

    private static func json(_ page: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        // A page is often looked at in a terminal.
        return Array(Printable.json(String(decoding: try encoder.encode(page), as: UTF8.self)).utf8) + [
            UInt8(ascii: "\n")
        ]
    }
}
