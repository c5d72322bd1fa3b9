import Foundation
import GRDB
import Inputs
import Wire

/// Results that differ from committed ones, and workers whose numbers were found wrong.
extension JobStore {
    /// Those whose numbers were found wrong.
    func convicted() throws -> Set<Author> {
        try read { db in
            Set(
                try Row.fetchAll(db, sql: "SELECT author, name FROM convictions").map {
                    Author(id: try $0.value("author", of: "convictions"), name: try $0.value("name", of: "convictions"))
                })
        }
    }

    /// The kept result that differs from a shard's committed one. Throws `InputError` of kind `configuration` if its bytes have
    /// changed since they were stored.
    func challenge(_ shard: Int, of job: StoredJob) throws -> StoredResult {
        let row = try read { db in
            try Row.fetchOne(
                db, sql: "SELECT bytes, file, transfer, numberSystem FROM challenges WHERE job = ? AND shard = ?",
                arguments: [job.sequence, shard])
        }
        guard let row else { throw missing("challenge", job, shard) }
        let place = "challenges: job \(job.id), shard \(shard)"
        let file: String? = try row.optional("file", of: place)
        let inline: Data = try row.value("bytes", of: place)
        let bytes = try file.map { try results.read($0) } ?? Array(inline)
        let expected: String = try row.value("transfer", of: place)
        let found = Digest(of: bytes).description
        guard expected == found else {
            throw InputError(
                "job \(job.id), shard \(shard)", expected: "a stored result with SHA-256 \(expected)", found: found,
                kind: .configuration)
        }
        return StoredResult(bytes: bytes, numberSystem: try row.value("numberSystem", of: place))
    }

    func apply(_ change: StoreBatch.ChallengeChange, to shard: Int, of job: Int?, _ db: Database) throws {
        try db.cachedStatement(sql: "DELETE FROM challenges WHERE job = ? AND shard = ?")
            .execute(arguments: [job, shard])
        guard case .kept(let challenge) = change else { return }
        let file = try fileIfLarge(challenge.bytes, job: job, shard: shard, epoch: challenge.epoch)
        try db.cachedStatement(
            sql: """
                INSERT INTO challenges (job, shard, author, name, what, bytes, file, transfer, numberSystem)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            job, shard, challenge.author.id, challenge.author.name, challenge.what,
            file == nil ? Data(challenge.bytes) : Data(), file, challenge.transfer.description, challenge.numberSystem,
        ])
        try db.cachedStatement(sql: "UPDATE shards SET disputed = 1 WHERE job = ? AND shard = ?")
            .execute(arguments: [job, shard])
    }

    static func convict(_ author: Author, _ what: String, _ db: Database) throws {
        try db.cachedStatement(sql: "INSERT OR IGNORE INTO convictions (author, name, what, at) VALUES (?, ?, ?, ?)")
            .execute(arguments: [author.id, author.name, what, Int(Date().timeIntervalSince1970)])
    }
}
