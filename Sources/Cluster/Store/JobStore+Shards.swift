import Foundation
import GRDB
import Inputs
import Wire
import Work

/// A worker's result, as it is in the store.
struct StoredResult: Sendable, Hashable {
    var bytes: [UInt8]
    /// What it was computed with; empty where an earlier version did not note it.
    var numberSystem: String
}

extension JobStore {
    /// Shards and tokens that are committed.
    public struct Done: Sendable, Hashable {
        public var shards: Int
        public var tokens: Int

        /// Makes a count.
        public init(shards: Int, tokens: Int) {
            self.shards = shards
            self.tokens = tokens
        }

        /// Reads the columns `shards` and `tokens`.
        init(_ row: Row, of place: String) throws {
            self.init(shards: try row.count("shards", of: place), tokens: try row.count("tokens", of: place))
        }
    }

    /// Where every shard of a job stands, by index. Throws `InputError` of kind `configuration` that names the first row that is
    /// damaged, or missing.
    public func shards(of job: StoredJob) throws -> [Scheduler.StoredShard] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT shard, epoch, holder, digest, committedEpoch, shards.worker, shards.author, quarantined, verification,
                        disputed, challenges.author AS challenger, challenges.name AS challengerName, what
                    FROM shards LEFT JOIN challenges USING (job, shard) WHERE job = ? ORDER BY shard
                    """,
                arguments: [job.sequence])
            let shards = try rows.enumerated().map { index, row in
                let place = Self.place(index, of: job)
                guard try row.count("shard", of: place) == index else { throw missingShard(index, of: job) }
                return try Self.stored(row, place)
            }
            let planned = try Int.fetchOne(
                db, sql: "SELECT shards FROM jobs WHERE sequence = ?", arguments: [job.sequence])
            guard shards.count == planned else { throw missingShard(shards.count, of: job) }
            return shards
        }
    }

    private static func place(_ shard: Int, of job: StoredJob) -> String { "job \(job.id), shard \(shard)" }

    private static func stored(_ row: Row, _ place: String) throws -> Scheduler.StoredShard {
        // A digest that cannot be read is not none: the shard could never be committed again.
        let commit = try row.parsed("digest", of: place, Digest.init(hex:)).map {
            Scheduler.StoredShard.Commit(
                digest: $0, epoch: try row.count("committedEpoch", of: place, upTo: WireLimits.shards),
                author: try author(row, place))
        }
        let challenger: String? = try row.optional("challenger", of: place)
        return Scheduler.StoredShard(
            epoch: try row.count("epoch", of: place, upTo: WireLimits.shards),
            holder: try row.parsed("holder", of: place, InstanceID.init), committed: commit,
            quarantined: try row.parsed("quarantined", of: place) { try StoredJSON.decode($0) },
            verification: try row.parsed("verification", of: place, Scheduler.Verification.init(rawValue:)),
            challenge: try challenger.map {
                .init(
                    author: Author(id: $0, name: try row.value("challengerName", of: place)),
                    what: try row.value("what", of: place))
            }, wasDisputed: try row.value("disputed", of: place))
    }

    /// The author of a committed result. Earlier versions stored the name alone.
    private static func author(_ row: Row, _ place: String) throws -> Author {
        let name: String = try row.optional("worker", of: place) ?? ""
        return Author(id: try row.optional("author", of: place) ?? name, name: name)
    }

    private func missingShard(_ shard: Int, of job: StoredJob) -> InputError {
        InputError(
            "jobs.sqlite: \(Self.place(shard, of: job))", expected: "the shards that the job was planned with",
            found: "not this one, or one too many",
            hint: "the database or its disk is damaged: restore the state folder, or submit the job again",
            kind: .configuration)
    }

    /// Tokens of every shard of a job, by index.
    public func tokens(of job: StoredJob) throws -> [Int] {
        try read { db in
            let tokens = try Int.fetchAll(
                db, sql: "SELECT tokens FROM shards WHERE job = ? ORDER BY shard", arguments: [job.sequence])
            if let shard = tokens.firstIndex(where: { !(0...WireLimits.tokens).contains($0) }) {
                throw Row.damaged("tokens", of: Self.place(shard, of: job), "\(tokens[shard])")
            }
            return tokens
        }
    }

    /// Shards of a job that were given up, with the reason: the first few, and how many there are.
    public func quarantined(of job: StoredJob, limit: Int) throws -> (shards: [QuarantinedShard], count: Int) {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT shard, quarantined FROM shards WHERE job = ? AND quarantined IS NOT NULL
                    ORDER BY shard LIMIT ?
                    """,
                arguments: [job.sequence, limit])
            let count = try Int.fetchOne(
                db, sql: "SELECT COUNT(*) FROM shards WHERE job = ? AND quarantined IS NOT NULL",
                arguments: [job.sequence])
            let shards = try rows.compactMap { row in
                let shard = try row.count("shard", of: "job \(job.id)")
                return try row.parsed("quarantined", of: Self.place(shard, of: job)) {
                    QuarantinedShard(shard: shard, error: try StoredJSON.decode($0))
                }
            }
            return (shards, count ?? 0)
        }
    }

    /// How many verifications of a job ended in which way.
    public func verifications(of job: StoredJob) throws -> [Scheduler.Verification: Int] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT verification, COUNT(*) AS shards FROM shards
                    WHERE job = ? AND verification IS NOT NULL GROUP BY verification
                    """,
                arguments: [job.sequence])
            var counts: [Scheduler.Verification: Int] = [:]
            for row in rows {
                let place = "job \(job.id)"
                guard let outcome = try row.parsed("verification", of: place, Scheduler.Verification.init(rawValue:))
                else { continue }
                counts[outcome] = try row.count("shards", of: place)
            }
            return counts
        }
    }

    /// How many authors took part in the verification of a job: keys, or worker processes where there are no keys.
    func verifierCount(of job: StoredJob) throws -> Int {
        try read { db in
            let lines = try String.fetchAll(
                db, sql: "SELECT DISTINCT verifiers FROM shards WHERE job = ? AND verifiers IS NOT NULL",
                arguments: [job.sequence])
            return Set(lines.flatMap { $0.split(separator: "\n") }).count
        }
    }

    /// What happened to a shard, in order.
    public func story(of job: StoredJob, shard: Int, limit: Int) throws -> [StoryLine] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT at, epoch, event, worker, reason FROM story WHERE job = ? AND shard = ? ORDER BY rowid LIMIT ?
                    """,
                arguments: [job.sequence, shard, limit])
            let place = Self.place(shard, of: job)
            return try rows.map {
                StoryLine(
                    at: try $0.count("at", of: place), epoch: try $0.count("epoch", of: place, upTo: WireLimits.shards),
                    event: try $0.value("event", of: place), worker: try $0.value("worker", of: place),
                    reason: try $0.value("reason", of: place))
            }
        }
    }

    /// Jobs that run or have ended with a bundle and hold results of an author, with the number of these.
    public func jobs(with author: Author) throws -> [(job: JobID, shards: Int)] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT jobs.id, COUNT(*) AS shards FROM shards JOIN jobs ON jobs.sequence = shards.job
                    WHERE author = ? AND removed = 0 AND state IN (?, ?, ?) GROUP BY shards.job
                    """,
                arguments: [
                    author.id, JobState.running.rawValue, JobState.done.rawValue, JobState.partial.rawValue,
                ])
            return try rows.compactMap { row in
                try row.parsed("id", of: "jobs", JobID.init).map { ($0, try row.count("shards", of: "job \($0)")) }
            }
        }
    }

    /// The number systems that computed a job's committed shards.
    public func numberSystems(of job: StoredJob) throws -> Set<String> {
        try read { db in
            try String.fetchSet(
                db, sql: "SELECT DISTINCT instructionSet FROM shards WHERE job = ? AND instructionSet IS NOT NULL",
                arguments: [job.sequence])
        }
    }

    /// What a worker is to compute. Throws `InputError` of kind `configuration` if it has changed since it was planned.
    public func shard(_ shard: Int, of job: StoredJob) throws -> WorkShard {
        let row = try read { db in
            try Row.fetchOne(
                db, sql: "SELECT work, tokens, seal FROM shards WHERE job = ? AND shard = ?",
                arguments: [job.sequence, shard])
        }
        guard let row else { throw missingShard(shard, of: job) }
        let place = Self.place(shard, of: job)
        let bytes: Data = try row.value("work", of: place)
        let expected: String? = try row.optional("seal", of: place)
        let found = ShardSeal(shard, tokens: try row.count("tokens", of: place), work: bytes).text
        guard found == expected else {
            throw InputError(
                "job \(job.id), shard \(shard)",
                expected: "the tokens that were planned, with the seal \(expected ?? "none")", found: found,
                hint: Self.damaged, kind: .configuration)
        }
        return WorkShard(
            index: shard, payload: Payload(kind: job.kind, version: job.shardVersion, bytes: Array(bytes)))
    }

    /// A committed result's bytes. Throws `InputError` of kind `configuration` if the seal shows that bytes or digest have
    /// changed.
    public func result(_ shard: Int, of job: StoredJob) throws -> [UInt8] { try storedResult(shard, of: job).bytes }

    /// The result of a committed shard and what it was computed with. Throws as `result` does.
    func storedResult(_ shard: Int, of job: StoredJob) throws -> StoredResult {
        let row = try read { db in
            try Row.fetchOne(
                db,
                sql: """
                    SELECT bytes, results.seal AS seal, file, digest, instructionSet
                    FROM results JOIN shards USING (job, shard) WHERE job = ? AND shard = ?
                    """,
                arguments: [job.sequence, shard])
        }
        guard let row else { throw missing("result", job, shard) }
        let place = Self.place(shard, of: job)
        let file: String? = try row.optional("file", of: place)
        let inline: Data = try row.value("bytes", of: place)
        let bytes = try file.map { try results.read($0) } ?? Array(inline)
        let seal: String? = try row.optional("seal", of: place)
        let content = try row.parsed("digest", of: place, Digest.init(hex:))
        let system: String = try row.optional("instructionSet", of: place) ?? ""
        let found = content.map {
            ResultSeal(transfer: Digest(of: bytes), content: $0, shard: shard, numberSystem: system).text
        }
        guard let found, found == seal else {
            throw InputError(
                "job \(job.id), shard \(shard)",
                expected: "a stored result and digest as they were committed, with the seal \(seal ?? "none")",
                found: found ?? "no digest",
                hint: Self.damaged, kind: .configuration)
        }
        return StoredResult(bytes: bytes, numberSystem: system)
    }

    /// What to do about a seal that does not fit.
    static let damaged = "the database or its disk is damaged: restore the state folder, or submit the job again"

    func missing(_ what: String, _ job: StoredJob, _ shard: Int) -> InputError {
        InputError(
            "\(path): job \(job.id), shard \(shard)", expected: "a stored \(what)", found: "none", kind: .temporary)
    }

    /// The shards of a job that are to be computed a second time.
    public func verifiedShards(of job: StoredJob) throws -> Set<Int> {
        try read { db in
            try Int.fetchSet(
                db, sql: "SELECT shard FROM shards WHERE job = ? AND verify <> 0", arguments: [job.sequence])
        }
    }

    /// How much of each job is committed, by job; of one job alone where it is named.
    public func done(of id: JobID? = nil) throws -> [JobID: Done] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT jobs.id, COUNT(*) AS shards, SUM(shards.tokens) AS tokens
                    FROM shards JOIN jobs ON jobs.sequence = shards.job
                    WHERE committedEpoch IS NOT NULL AND (:id IS NULL OR jobs.id = :id) GROUP BY shards.job
                    """,
                arguments: ["id": id?.text])
            var done: [JobID: Done] = [:]
            for row in rows {
                guard let id = try row.parsed("id", of: "jobs", JobID.init) else { continue }
                done[id] = try Done(row, of: "job \(id)")
            }
            return done
        }
    }
}
