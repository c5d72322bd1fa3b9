import Foundation
import GRDB
import Inputs
import Wire

/// Jobs whose rows cannot be read: they have failed, and all others go on.
extension JobStore {
    /// Fails every open job whose row cannot be read.
    func failUnreadableJobs() throws {
        try write { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM jobs WHERE state NOT IN (?, ?, ?, ?)",
                arguments: StatementArguments(
                    [JobState.done, .partial, .failed, .cancelled].map(\.rawValue)))
            for row in rows {
                do {
                    _ = try StoredJob(row: row)
                } catch let error as InputError {
                    try Self.fail(row["sequence"] as DatabaseValue, error, db)
                }
            }
        }
    }

    /// Fails a job whose row, or one that belongs to it, turned out to be damaged.
    func failUnreadable(_ id: JobID, _ error: InputError) throws {
        try write { db in
            guard
                let sequence = try DatabaseValue.fetchOne(
                    db, sql: "SELECT sequence FROM jobs WHERE id = ?", arguments: [id.text])
            else { return }
            try Self.fail(sequence, error, db)
        }
    }

    private static func fail(_ sequence: DatabaseValue, _ error: InputError, _ db: Database) throws {
        try db.execute(
            sql: "UPDATE jobs SET state = ?, error = ?, ended = COALESCE(ended, ?) WHERE sequence = ?",
            arguments: [
                JobState.failed.rawValue, try json(error), Int(Date().timeIntervalSince1970), sequence,
            ])
    }
}
