import GRDB
import Inputs
import Wire

/// Jobs that ended without all of their shards have another try.
extension JobStore {
    /// What `retry` found to do.
    enum Retry: Sendable, Hashable {
        /// The job runs again, and so many of its shards are to be computed.
        case running(shards: Int)
        /// The job is planned anew.
        case planning
    }

    /// A partial or failed job has another try: its quarantined shards are computed, and those about which workers could not
    /// agree are computed twice. If its plan is not to be kept, or it has none, it is planned anew. Nil, and nothing happens,
    /// for a job in another state.
    func retry(_ job: StoredJob, keepingPlan: Bool) throws -> Retry? {
        try write { db in
            let isPlanned = try Bool.fetchOne(
                db, sql: "SELECT taskBytes IS NOT NULL FROM jobs WHERE sequence = ?", arguments: [job.sequence])
            let keepsPlan = keepingPlan && isPlanned == true
            let state: JobState = keepsPlan ? .running : .planning
            try db.execute(
                sql: """
                    UPDATE jobs SET state = ?, error = NULL, ended = NULL, doneShards = NULL, doneTokens = NULL, planStarts = 0
                    WHERE sequence = ? AND state IN (?, ?) AND removed = 0
                    """,
                arguments: [state.rawValue, job.sequence, JobState.partial.rawValue, JobState.failed.rawValue])
            guard db.changesCount == 1 else { return nil }
            guard keepsPlan else {
                try Self.forgetPlan(of: job.sequence, db)
                return .planning
            }
            try Self.reopenDisputes(of: job.sequence, db)
            try db.execute(
                sql: "UPDATE shards SET quarantined = NULL WHERE job = ? AND quarantined IS NOT NULL",
                arguments: [job.sequence])
            let open = try Int.fetchOne(
                db, sql: "SELECT COUNT(*) FROM shards WHERE job = ? AND digest IS NULL", arguments: [job.sequence])
            return .running(shards: open ?? 0)
        }
    }

    /// Nobody can be believed about shards whose dispute is open: they are computed from the start, by two workers.
    private static func reopenDisputes(of job: Int, _ db: Database) throws {
        let disputed = "SELECT shard FROM challenges WHERE job = :job"
        try db.execute(
            sql: "DELETE FROM results WHERE job = :job AND shard IN (\(disputed))", arguments: ["job": job])
        try db.execute(
            sql: """
                UPDATE shards SET digest = NULL, committedEpoch = NULL, instructionSet = NULL, worker = NULL, author = NULL,
                    verify = 1, verification = NULL, verifiers = NULL
                WHERE job = :job AND shard IN (\(disputed))
                """, arguments: ["job": job])
        try db.execute(sql: "DELETE FROM challenges WHERE job = ?", arguments: [job])
    }
}
