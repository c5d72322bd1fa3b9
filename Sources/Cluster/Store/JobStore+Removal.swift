import Foundation
import GRDB
import Inputs
import Wire

/// How ended jobs are removed. First a job is marked, in one short transaction, and from then on nobody sees it. Then, away
/// from the deciding thread, its files are removed, its rows in small steps, and its own row last: as long as that row is
/// there, the next start finds what is left to do.
extension JobStore {
    /// A job that is marked.
    struct RemovedJob: Sendable, Hashable {
        var sequence: Int
        var id: JobID
    }

    /// Marks a job that has ended; false, and nothing happens, for one that has not.
    func markRemoved(_ job: StoredJob) throws -> Bool {
        try write { db in
            try db.execute(
                sql: "UPDATE jobs SET removed = 1 WHERE sequence = ? AND removed = 0 AND state NOT IN (?, ?)",
                arguments: [job.sequence, JobState.planning.rawValue, JobState.running.rawValue])
            return db.changesCount == 1
        }
    }

    /// Jobs that ended before a time in seconds since 1970, `limit` at most, the oldest first.
    func jobs(endedBefore seconds: Int, limit: Int) throws -> [ListedJob] {
        try list(where: "ended < ?", [seconds], limit: limit)
    }

    /// Marks jobs that ended before a time, as `jobs(endedBefore:limit:)` lists them; returns these.
    func markRemoved(endedBefore seconds: Int, limit: Int) throws -> [ListedJob] {
        let jobs = try jobs(endedBefore: seconds, limit: limit)
        try write { db in
            let mark = try db.makeStatement(sql: "UPDATE jobs SET removed = 1 WHERE sequence = ? AND ended < ?")
            for job in jobs { try mark.execute(arguments: [job.sequence, seconds]) }
        }
        return jobs
    }

    /// All jobs that are marked and still have a row.
    func removedJobs() throws -> [RemovedJob] {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT sequence, id FROM jobs INDEXED BY jobsForLists WHERE removed = 1 ORDER BY sequence")
            return rows.compactMap { row in
                guard let sequence = try? row.count("sequence", of: "jobs"),
                    let id = try? row.parsed("id", of: "jobs", JobID.init)
                else { return nil }
                return RemovedJob(sequence: sequence, id: id)
            }
        }
    }

    /// Deletes some of a marked job's rows, its own last; false when nothing is left of it.
    func removeRows(of job: RemovedJob, atMost limit: Int) throws -> Bool {
        results.removeAll(of: job.sequence)
        return try write { db in
            for table in ["results", "challenges", "story", "shards"] {
                try db.execute(
                    sql: "DELETE FROM \(table) WHERE rowid IN (SELECT rowid FROM \(table) WHERE job = ? LIMIT ?)",
                    arguments: [job.sequence, limit])
                if db.changesCount > 0 { return true }
            }
            try db.execute(sql: "DELETE FROM jobs WHERE sequence = ? AND removed = 1", arguments: [job.sequence])
            return false
        }
    }

    // MARK: Room on the disk

    /// Gives up to so many empty pages back to the file system; false when there are none left to give.
    func giveBack(pages: Int) throws -> Bool {
        try writeWithoutTransaction { db in
            let before = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            try db.execute(sql: "PRAGMA incremental_vacuum(\(pages))")
            let after = try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0
            return after > 0 && after < before
        }
    }

    /// Lets a database of an earlier version give room back. It is rewritten once. If there is no room for that it stays as it
    /// is, and reuses what is freed.
    func compactOnce() throws {
        try writeWithoutTransaction { db in
            let incremental = 2
            guard try Int.fetchOne(db, sql: "PRAGMA auto_vacuum") != incremental else { return }
            do {
                try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL; VACUUM")
            } catch let error as DatabaseError where error.resultCode == .SQLITE_FULL {
                return
            }
        }
    }
}
