import Foundation
import GRDB
import Inputs
import Wire
import Work

extension JobStore {
    /// Shards and tokens that are committed.
    public struct Done: Sendable, Hashable {
        public var shards: Int
        public var tokens: Int
    }

    /// Where every shard of a job stands, by index.
    public func shards(of job: StoredJob) throws -> [Scheduler.StoredShard] {
        try read { db in
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT epoch, holder, digest, committedEpoch, shards.worker, shards.author, quarantined, verification,
                        disputed, challenges.author AS challenger, challenges.name AS challengerName, what
                    FROM shards LEFT JOIN challenges USING (job, shard) WHERE job = ? ORDER BY shard
                    """,
                arguments: [job.sequence])
            return try rows.map { row in
                let digest: String? = row["digest"]
                let epoch: Int? = row["committedEpoch"]
                let commit = digest.flatMap(Digest.init(hex:)).flatMap { digest in
                    epoch.map { Scheduler.StoredShard.Commit(digest: digest, epoch: $0, author: Self.author(row)) }
                }
                let challenger: String? = row["challenger"]
                let verification: String? = row["verification"]
                let holder: String? = row["holder"]
                return Scheduler.StoredShard(
                    epoch: row["epoch"], holder: holder.flatMap(InstanceID.init), committed: commit,
                    quarantined: try Self.error(row["quarantined"]),
                    verification: verification.flatMap(Scheduler.Verification.init),
                    challenge: challenger.map {
                        .init(author: Author(id: $0, name: row["challengerName"]), what: row["what"])
                    }, wasDisputed: row["disputed"])
            }
        }
    }

    /// The author of a committed result. Earlier versions stored the name alone.
    private static func author(_ row: Row) -> Author {
        let name: String = row["worker"] ?? ""
        return Author(id: row["author"] ?? name, name: name)
    }

    /// Tokens of every shard of a job, by index.
    public func tokens(of job: StoredJob) throws -> [Int] {
        try read { db in
            try Int.fetchAll(
                db, sql: "SELECT tokens FROM shards WHERE job = ? ORDER BY shard", arguments: [job.sequence])
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
                try Self.error(row["quarantined"]).map { QuarantinedShard(shard: row["shard"], error: $0) }
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
            for row in rows { Scheduler.Verification(rawValue: row["verification"]).map { counts[$0] = row["shards"] } }
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
            return rows.map {
                StoryLine(
                    at: $0["at"], epoch: $0["epoch"], event: $0["event"], worker: $0["worker"], reason: $0["reason"])
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
            return rows.compactMap { row in JobID(row["id"] as String).map { ($0, row["shards"]) } }
        }
    }

    private static func error(_ json: String?) throws -> InputError? {
        try json.map { try JSONDecoder().decode(InputError.self, from: Data($0.utf8)) }
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
        guard let row else { throw missing("shard", job, shard) }
        let (bytes, expected): (Data, String?) = (row["work"], row["seal"])
        let found = ShardSeal(shard, tokens: row["tokens"], work: bytes).text
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
    public func result(_ shard: Int, of job: StoredJob) throws -> [UInt8] {
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
        let file: String? = row["file"]
        let inline: Data = row["bytes"]
        let bytes = try file.map { try results.read($0) } ?? Array(inline)
        let (seal, digest): (String?, String?) = (row["seal"], row["digest"])
        let content = digest.flatMap(Digest.init(hex:))
        let system: String? = row["instructionSet"]
        let found = content.map {
            ResultSeal(transfer: Digest(of: bytes), content: $0, shard: shard, numberSystem: system ?? "").text
        }
        guard let found, found == seal else {
            throw InputError(
                "job \(job.id), shard \(shard)",
                expected: "a stored result and digest as they were committed, with the seal \(seal ?? "none")",
                found: found ?? "no digest",
                hint: Self.damaged, kind: .configuration)
        }
        return bytes
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
                guard let id = JobID(row["id"] as String) else { continue }
                done[id] = Done(shards: row["shards"], tokens: row["tokens"])
            }
            return done
        }
    }
}
