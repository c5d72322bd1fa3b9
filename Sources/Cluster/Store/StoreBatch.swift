import Foundation
import GRDB
import Inputs
import Wire

/// Changes that are written together, in one transaction, before anybody hears of them.
struct StoreBatch: Sendable {
    /// A shard's result.
    struct Commit: Sendable {
        var lease: LeaseID
        /// Of the content.
        var digest: Digest
        var bytes: [UInt8]
        /// SHA-256 of `bytes`.
        var transfer: Digest
        /// The number system that computed it, which decides how it was rounded.
        var numberSystem: String
        var author: Author
    }

    /// A result that differs from the committed one, until a third computation decides.
    struct Challenge: Sendable {
        /// Of its lease.
        var epoch: Int
        var author: Author
        /// How it differs.
        var what: String
        var bytes: [UInt8]
        /// SHA-256 of `bytes`.
        var transfer: Digest
        /// What it was computed with.
        var numberSystem: String
    }

    enum ChallengeChange: Sendable {
        case kept(Challenge)
        case dropped
    }

    /// A lease and who gets it.
    struct Epoch: Sendable {
        var lease: LeaseID
        var holder: InstanceID
    }

    /// A line of a shard's story.
    struct Event: Sendable {
        var job: JobID
        var shard: Int
        var line: StoryLine
    }

    /// How a shard's verification ended, and whose results agree.
    struct VerifiedShard: Sendable {
        var job: JobID
        var shard: Int
        var outcome: Scheduler.Verification
        var authors: [Author]
    }

    var retractions: [(job: JobID, shard: Int)] = []
    var commits: [Commit] = []
    var quarantines: [(job: JobID, shard: Int, error: InputError)] = []
    var verifications: [VerifiedShard] = []
    var challenges: [Scheduler.ShardKey: ChallengeChange] = [:]
    var convictions: [(author: Author, what: String)] = []
    /// The number system that each job is pinned to.
    var pins: [JobID: String] = [:]
    /// Leases that leave once their epochs are stored.
    var epochs: [Epoch] = []
    var story: [Event] = []

    /// Whether it holds nothing but lines of stories, which can wait a little.
    var canWait: Bool {
        retractions.isEmpty && commits.isEmpty && quarantines.isEmpty && verifications.isEmpty && epochs.isEmpty
            && challenges.isEmpty && convictions.isEmpty && pins.isEmpty
    }
}

extension JobStore {
    /// Writes a batch: all of it, or nothing. Returns commits that were not made: their shards have results, or their jobs have
    /// ended with nothing more to come.
    func apply(_ batch: StoreBatch) throws -> [LeaseID] {
        try write { db in
            var sequences: [JobID: Int] = [:]
            func sequence(of job: JobID) throws -> Int? {
                if let known = sequences[job] { return known }
                let found = try Int.fetchOne(db, sql: "SELECT sequence FROM jobs WHERE id = ?", arguments: [job.text])
                sequences[job] = found
                return found
            }
            for (job, shard) in batch.retractions { try Self.retract(shard, of: sequence(of: job), db) }
            var refused: [LeaseID] = []
            for commit in batch.commits {
                if try !insert(commit, job: sequence(of: commit.lease.job), db) { refused.append(commit.lease) }
            }
            for (job, shard, error) in batch.quarantines {
                try db.cachedStatement(
                    sql: "UPDATE shards SET quarantined = ? WHERE job = ? AND shard = ? AND digest IS NULL"
                ).execute(arguments: [Self.json(error), sequence(of: job), shard])
            }
            for verified in batch.verifications {
                let authors = verified.authors.map(\.id).joined(separator: "\n")
                try db.cachedStatement(
                    sql: "UPDATE shards SET verification = ?, verifiers = ? WHERE job = ? AND shard = ?"
                ).execute(arguments: [
                    verified.outcome.rawValue, authors, sequence(of: verified.job), verified.shard,
                ])
            }
            for (key, change) in batch.challenges {
                let job = try sequence(of: key.job)
                try apply(takesResults(job, db) ? change : .dropped, to: key.shard, of: job, db)
            }
            for (author, what) in batch.convictions { try Self.convict(author, what, db) }
            for (job, system) in batch.pins {
                try db.cachedStatement(sql: "UPDATE jobs SET numberSystem = ? WHERE sequence = ?")
                    .execute(arguments: [system, sequence(of: job)])
            }
            for epoch in batch.epochs {
                let lease = epoch.lease
                try db.cachedStatement(
                    sql: "UPDATE shards SET epoch = ?, holder = ? WHERE job = ? AND shard = ? AND epoch < ?"
                ).execute(arguments: [
                    lease.epoch, epoch.holder.description, sequence(of: lease.job), lease.shard, lease.epoch,
                ])
            }
            for event in batch.story { try Self.insert(event, job: sequence(of: event.job), db) }
            return refused
        }
    }

    /// Whether a job still takes results. One that is done or was called off has none in the store; a batch may come after that.
    private func takesResults(_ job: Int?, _ db: Database) throws -> Bool {
        let state = try String.fetchOne(
            db.cachedStatement(sql: "SELECT state FROM jobs WHERE sequence = ?"), arguments: [job])
        return [JobState.running, .failed].contains { $0.rawValue == state }
    }

    private func insert(_ commit: StoreBatch.Commit, job: Int?, _ db: Database) throws -> Bool {
        guard try takesResults(job, db) else { return false }
        try db.cachedStatement(
            sql: """
                UPDATE shards
                SET digest = ?, committedEpoch = ?, instructionSet = ?, worker = ?, author = ?, quarantined = NULL
                WHERE job = ? AND shard = ? AND digest IS NULL
                """
        ).execute(arguments: [
            commit.digest.description, commit.lease.epoch, commit.numberSystem, commit.author.name, commit.author.id,
            job, commit.lease.shard,
        ])
        guard db.changesCount == 1 else { return false }
        let file = try fileIfLarge(commit.bytes, job: job, shard: commit.lease.shard, epoch: commit.lease.epoch)
        try db.cachedStatement(sql: "INSERT INTO results (job, shard, bytes, seal, file) VALUES (?, ?, ?, ?, ?)")
            .execute(arguments: [
                job, commit.lease.shard, file == nil ? Data(commit.bytes) : Data(),
                ResultSeal(
                    transfer: commit.transfer, content: commit.digest, shard: commit.lease.shard,
                    numberSystem: commit.numberSystem
                ).text, file,
            ])
        return true
    }

    /// The file of a result that is too large for the database, once it is written; nil for one that is not.
    func fileIfLarge(_ bytes: [UInt8], job: Int?, shard: Int, epoch: Int) throws -> String? {
        guard let job, bytes.count > ResultFiles.largestRow else { return nil }
        let name = ResultFiles.name(job: job, shard: shard, epoch: epoch)
        try results.write(bytes, as: name)
        return name
    }

    private static func retract(_ shard: Int, of job: Int?, _ db: Database) throws {
        try db.cachedStatement(
            sql: """
                UPDATE shards
                SET digest = NULL, committedEpoch = NULL, instructionSet = NULL, worker = NULL, author = NULL,
                    verification = NULL, verifiers = NULL
                WHERE job = ? AND shard = ? AND EXISTS (SELECT 1 FROM jobs WHERE sequence = ? AND state = ?)
                """
        ).execute(arguments: [job, shard, job, JobState.running.rawValue])
        // A job that has ended meanwhile stays what it is.
        guard db.changesCount == 1 else { return }
        try db.cachedStatement(sql: "DELETE FROM results WHERE job = ? AND shard = ?").execute(arguments: [job, shard])
    }

    /// Lines that are kept of the beginning of a shard's story, and of its end.
    static var keptStoryLines: Int { 64 }

    private static func insert(_ event: StoreBatch.Event, job: Int?, _ db: Database) throws {
        guard let job else { return }
        try db.cachedStatement(
            sql: "INSERT INTO story (job, shard, at, epoch, event, worker, reason) VALUES (?, ?, ?, ?, ?, ?, ?)"
        ).execute(arguments: [
            job, event.shard, event.line.at, event.line.epoch, event.line.event, event.line.worker, event.line.reason,
        ])
        try db.cachedStatement(
            sql: """
                DELETE FROM story WHERE rowid = (
                    SELECT rowid FROM story WHERE job = :job AND shard = :shard ORDER BY rowid LIMIT 1 OFFSET :kept)
                AND (SELECT COUNT(*) FROM story WHERE job = :job AND shard = :shard) > 2 * :kept
                """
        ).execute(arguments: ["job": job, "shard": event.shard, "kept": keptStoryLines])
    }
}
