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
            return try rows.map { row in
                let sequence: Int = row["sequence"]
                var job = try ListedJob(row, running: done[sequence])
                if job.mayLackShards { job.quarantined = quarantined[sequence]?.shards ?? 0 }
                return job
            }
        }
    }

    private func counts(_ sql: String, _ db: Database) throws -> [Int: Done] {
        let rows = try Row.fetchAll(db, sql: sql)
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0["job"], Done(shards: $0["shards"], tokens: $0["tokens"])) })
    }
}

extension ListedJob {
    /// `running` is what is committed of a job that has not ended.
    fileprivate init(_ row: Row, running: JobStore.Done?) throws {
        let (text, stateName): (String, String) = (row["id"], row["state"])
        guard let id = JobID(text), let state = JobState(rawValue: stateName) else {
            throw InputError(
                "jobs.sqlite: job \(text)", expected: "a known state", found: stateName, kind: .configuration)
        }
        let error: String? = row["error"]
        self.init(
            sequence: row["sequence"], id: id, name: row["name"], submitted: row["submitted"], state: state,
            error: try error.map { try JSONDecoder().decode(InputError.self, from: Data($0.utf8)) },
            shards: row["shards"], tokens: row["tokens"],
            done: running ?? JobStore.Done(shards: row["doneShards"] ?? 0, tokens: row["doneTokens"] ?? 0),
            quarantined: 0)
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
