import Foundation
import GRDB
import Inputs
import Wire

/// A job as lists show it: without its spec, its task and what else may be large.
struct ListedJob: Sendable, Hashable {
    var sequence: Int
    var id: JobID
    var name: String
    /// Seconds since 1970.
    var submitted: Int
    var state: JobState
    /// Why it failed.
    var error: InputError?
    /// Once it is planned: number of shards, and tokens in them.
    var shards: Int
    var tokens: Int
    /// What is committed.
    var done: JobStore.Done
    /// Shards that were given up, of a job that runs or is partial.
    var quarantined: Int
}

extension JobStore {
    /// The latest jobs, `limit` at most, in the order of submission.
    func list(limit: Int) throws -> [ListedJob] {
        try list(
            where: """
                sequence > COALESCE(
                    (SELECT sequence FROM jobs INDEXED BY jobsForLists WHERE removed = 0
                        ORDER BY sequence DESC LIMIT 1 OFFSET ?), 0)
                """, [limit], limit: limit)
    }

    /// Jobs that meet a condition, `limit` at most, in the order of submission.
    func list(where condition: String, _ arguments: StatementArguments, limit: Int) throws -> [ListedJob] {
        try read { db in
            // The index has every column that is asked for, so the large rows of the table are not read.
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT sequence, id, name, submitted, state, error, shards, tokens, doneShards, doneTokens
                    FROM jobs INDEXED BY jobsForLists WHERE removed = 0 AND \(condition) ORDER BY sequence LIMIT ?
                    """,
                arguments: arguments + [limit])
            let done = try counts(
                """
                SELECT job, COUNT(*) AS shards, SUM(tokens) AS tokens FROM shards
                WHERE committedEpoch IS NOT NULL
                    AND job IN (SELECT sequence FROM jobs WHERE state = '\(JobState.running.rawValue)') GROUP BY job
                """, db)
            let quarantined = try counts(
                """
                SELECT job, COUNT(*) AS shards, 0 AS tokens FROM shards WHERE quarantined IS NOT NULL GROUP BY job
                """, db)
            return rows.compactMap { row in
                guard let sequence = try? row.count("sequence", of: "jobs") else { return nil }
                var job: ListedJob
                do {
                    job = try ListedJob(row, running: done[sequence])
                } catch {
                    // One damaged row must not hide all others.
                    guard let damaged = ListedJob(damaged: row, sequence: sequence, error) else { return nil }
                    job = damaged
                }
                if job.mayLackShards { job.quarantined = quarantined[sequence]?.shards ?? 0 }
                return job
            }
        }
    }

    private func counts(_ sql: String, _ db: Database) throws -> [Int: Done] {
        let rows = try Row.fetchAll(db, sql: sql)
        return try Dictionary(
            uniqueKeysWithValues: rows.map {
                let job = try $0.count("job", of: "shards")
                return (job, try Done($0, of: "shards of job number \(job)"))
            })
    }
}

extension ListedJob {
    /// `running` is what is committed of a job that has not ended.
    fileprivate init(_ row: Row, running: JobStore.Done?) throws {
        let sequence = try row.count("sequence", of: "jobs")
        let place = "job number \(sequence)"
        guard let id = try row.parsed("id", of: place, JobID.init),
            let state = try row.parsed("state", of: place, JobState.init(rawValue:))
        else { throw Row.damaged("id or state", of: place, "NULL") }
        let done = JobStore.Done(
            shards: try row.optional("doneShards", of: place) ?? 0,
            tokens: try row.optional("doneTokens", of: place) ?? 0)
        self.init(
            sequence: sequence, id: id, name: try row.value("name", of: place),
            submitted: try row.count("submitted", of: place), state: state,
            error: try row.parsed("error", of: place) { try StoredJSON.decode($0) },
            shards: try row.count("shards", of: place, upTo: WireLimits.shards),
            tokens: try row.count("tokens", of: place), done: running ?? done, quarantined: 0)
    }

    /// A job whose row cannot be read counts as failed; nil where not even its id can be.
    fileprivate init?(damaged row: Row, sequence: Int, _ error: any Error) {
        guard let id = try? row.parsed("id", of: "jobs", JobID.init) else { return nil }
        self.init(
            sequence: sequence, id: id, name: "", submitted: 0, state: .failed, error: error as? InputError, shards: 0,
            tokens: 0, done: JobStore.Done(shards: 0, tokens: 0), quarantined: 0)
    }

    /// Whether shards of it may have been given up.
    fileprivate var mayLackShards: Bool { state == .running || state == .partial }
}

extension JobSummary {
    /// The job in a list, without its error: thousands of long ones do not fit into a message.
    init(_ job: ListedJob) {
        self.init(
            id: job.id, name: job.name, state: job.state, shardsDone: job.done.shards, shardsTotal: job.shards,
            tokensDone: job.done.tokens, tokensTotal: job.tokens, quarantined: job.quarantined, error: nil,
            submitted: job.submitted)
    }
}
