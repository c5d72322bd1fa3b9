import Foundation
import GRDB
import Inputs
import Wire
import Work

extension JobStore {
    /// Notes a new job, in state planning. Its id is made of its name and its number. For a ticket that was used before it
    /// returns the job of that time.
    public func submit(
        _ source: JobSource, kind: String, name: String, ticket: InstanceID, at seconds: Int
    ) throws -> StoredJob {
        try write { db in
            let known = try StoredJob.fetchOne(
                db, sql: "SELECT * FROM jobs WHERE ticket = ?", arguments: [ticket.description])
            if let known { return known }
            let last = try Int.fetchOne(db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'jobs'") ?? 0
            let id = "\(Self.plain(name))-\(last + 1)"
            try db.execute(
                sql: """
                    INSERT INTO jobs (id, kind, name, submitted, specText, specFile, folder, state, ticket)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    id, kind, name, seconds, source.specText, source.specFile, source.folder,
                    JobState.planning.rawValue,
                    ticket.description,
                ])
            return try StoredJob.find(db, sequence: Int(db.lastInsertedRowID))
        }
    }

    /// All jobs in the order of submission.
    public func jobs() throws -> [StoredJob] {
        try read { try StoredJob.fetchAll($0, sql: "SELECT * FROM jobs WHERE removed = 0 ORDER BY sequence") }
    }

    /// The jobs that have not ended, in the order of submission.
    func openJobs() throws -> [StoredJob] {
        try read { db in
            try StoredJob.fetchAll(
                db, sql: "SELECT * FROM jobs WHERE state IN (?, ?) ORDER BY sequence",
                arguments: [JobState.planning.rawValue, JobState.running.rawValue])
        }
    }

    /// How many jobs are in which state.
    public func jobCounts() throws -> [JobState: Int] {
        try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT state, COUNT(*) AS jobs FROM jobs WHERE removed = 0 GROUP BY state")
            return try Dictionary(
                uniqueKeysWithValues: rows.compactMap { row in
                    guard let state = try? row.parsed("state", of: "jobs", JobState.init(rawValue:)) else { return nil }
                    return (state, try row.count("jobs", of: "jobs"))
                })
        }
    }

    /// One job; nil for an id that is not known.
    public func job(_ id: JobID) throws -> StoredJob? {
        try read {
            try StoredJob.fetchOne($0, sql: "SELECT * FROM jobs WHERE id = ? AND removed = 0", arguments: [id.text])
        }
    }

    /// Notes that a job's plan begins; returns how often it began before without coming to an end.
    func notePlanning(_ job: StoredJob) throws -> Int {
        try write { db in
            try db.execute(
                sql: "UPDATE jobs SET planStarts = planStarts + 1 WHERE sequence = ?", arguments: [job.sequence])
            let starts = try Int.fetchOne(
                db, sql: "SELECT planStarts FROM jobs WHERE sequence = ?", arguments: [job.sequence])
            return (starts ?? 1) - 1
        }
    }

    /// The coordinator ends in order: what is being planned is not to blame for that.
    func forgetPlannings() throws {
        try write { try $0.execute(sql: "UPDATE jobs SET planStarts = 0 WHERE planStarts > 0") }
    }

    /// Notes the plan of a job that is in planning; from here on it runs. `build` is the program that made the plan. False
    /// when the job was called off meanwhile.
    public func savePlan(_ plan: WorkPlan, build: String, of job: StoredJob) throws -> Bool {
        let seals = plan.shards.enumerated().map { index, shard in
            ShardSeal(index, tokens: shard.tokens, work: shard.bytes).text
        }
        let seal = PlanSeal(
            job: JobSourceDigest(job.source), kind: plan.task.kind,
            task: (Int(plan.task.version), Data(plan.task.bytes)), record: Data(plan.record),
            shardVersion: Int(plan.shardVersion), isPinned: plan.needsOneNumberSystem, shards: seals)
        return try write { db in
            try db.execute(
                sql: """
                    UPDATE jobs SET state = ?, taskVersion = ?, taskBytes = ?, record = ?, shardVersion = ?,
                        build = ?, shards = ?, tokens = ?, verified = ?, pinned = ?, seal = ?, planStarts = 0
                    WHERE sequence = ? AND state = ?
                    """,
                arguments: [
                    JobState.running.rawValue, plan.task.version, Data(plan.task.bytes), Data(plan.record),
                    plan.shardVersion, build, plan.shards.count,
                    plan.shards.reduce(0) { $0 + $1.tokens }, plan.verified.count,
                    plan.needsOneNumberSystem, seal.text, job.sequence, JobState.planning.rawValue,
                ])
            guard db.changesCount == 1 else { return false }
            let insert = try db.makeStatement(
                sql: "INSERT INTO shards (job, shard, tokens, work, verify, seal) VALUES (?, ?, ?, ?, ?, ?)")
            for (index, shard) in plan.shards.enumerated() {
                try insert.execute(
                    arguments: [
                        job.sequence, index, shard.tokens, Data(shard.bytes), plan.verified.contains(index),
                        seals[index],
                    ])
            }
            return true
        }
    }

    /// Drops the plan of a job that runs, and all that was computed by it: it is in planning again.
    public func dropPlan(of job: StoredJob) throws {
        try write { db in
            try db.execute(
                sql: "UPDATE jobs SET state = ? WHERE sequence = ? AND state = ?",
                arguments: [JobState.planning.rawValue, job.sequence, JobState.running.rawValue])
            guard db.changesCount == 1 else { return }
            try Self.forgetPlan(of: job.sequence, db)
        }
        results.removeAll(of: job.sequence)
    }

    /// Deletes a job's plan: its task, its shards and all that belongs to them.
    static func forgetPlan(of job: Int, _ db: Database) throws {
        try db.execute(
            sql: """
                UPDATE jobs SET taskBytes = NULL, record = NULL, build = '', shards = 0, tokens = 0, numberSystem = NULL
                WHERE sequence = ?
                """, arguments: [job])
        for table in ["results", "challenges", "shards", "story"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE job = ?", arguments: [job])
        }
    }

    /// What a planned job is made of, with its shards to be read one by one. Throws `InputError` of kind `configuration` if the
    /// plan has changed since it was made.
    public func plannedWork(of job: StoredJob) throws -> PlannedWork {
        let (row, shards) = try read { db in
            (
                try Row.fetchOne(
                    db,
                    sql: """
                        SELECT kind, taskVersion, taskBytes, record, shardVersion, pinned, seal FROM jobs
                        WHERE sequence = ?
                        """, arguments: [job.sequence]),
                try Optional<String>.fetchAll(
                    db, sql: "SELECT seal FROM shards WHERE job = ? ORDER BY shard", arguments: [job.sequence])
            )
        }
        let place = "job \(job.id)"
        guard let row, let bytes: Data = try row.optional("taskBytes", of: place) else {
            throw InputError("job \(job.id)", expected: "a planned job", found: "no task", kind: .configuration)
        }
        let version = UInt16(try row.count("taskVersion", of: place, upTo: Int(UInt16.max)))
        let record: Data? = try row.optional("record", of: place)
        let seal: String? = try row.optional("seal", of: place)
        let found = PlanSeal(
            job: JobSourceDigest(job.source), kind: job.kind, task: (Int(version), bytes), record: record ?? Data(),
            shardVersion: Int(job.shardVersion), isPinned: job.isPinned, shards: shards.map { $0 ?? "" })
        guard found.text == seal, shards.count == job.shards else {
            throw InputError(
                place, expected: "the plan as it was made, with the seal \(seal ?? "none")", found: found.text,
                hint: Self.damaged, kind: .configuration)
        }
        return PlannedWork(
            source: job.source, task: Payload(kind: job.kind, version: version, bytes: Array(bytes)),
            record: Array(record ?? Data()), shardCount: job.shards,
            shard: { [self] in try shard($0, of: job) })
    }

    /// The job is folded and its bundle in place. `digests` are those of the folded results, by index; nil for a missing shard.
    /// With a shard missing the job is partial, and keeps its results for a retry.
    ///
    /// False, and nothing changes, where other results are committed by now.
    public func finish(_ job: StoredJob, files: [BundleFile], digests: [Digest?]) throws -> Bool {
        let files = try Self.json(files.map { StoredFile(name: $0.name, size: $0.size, digest: $0.digest) })
        let isDone = try write { db in
            let now = try Optional<String>.fetchAll(
                db, sql: "SELECT digest FROM shards WHERE job = ? ORDER BY shard", arguments: [job.sequence])
            guard now == digests.map({ $0?.description }) else { return false }
            try Self.end(job, as: digests.contains(nil) ? .partial : .done, in: db) {
                try db.execute(
                    sql: "UPDATE jobs SET files = ? WHERE sequence = ?", arguments: [files, job.sequence])
            }
            return true
        }
        if isDone, !digests.contains(nil) { results.removeAll(of: job.sequence) }
        return isDone
    }

    /// The job cannot be finished. What was computed stays, for when it is tried again.
    public func fail(_ job: StoredJob, _ error: InputError) throws {
        let error = try Self.json(error)
        try write { db in
            try Self.end(job, as: .failed, in: db) {
                try db.execute(
                    sql: "UPDATE jobs SET error = ? WHERE sequence = ?", arguments: [error, job.sequence])
            }
        }
    }

    /// The job was called off.
    public func cancel(_ job: StoredJob) throws {
        try write { try Self.end(job, as: .cancelled, in: $0) {} }
        results.removeAll(of: job.sequence)
    }

    /// Ends a job that has not ended yet. Its results are deleted, unless it can be tried again. Tokens, digests and epochs
    /// stay, so that a late result can still be compared.
    private static func end(
        _ job: StoredJob, as state: JobState, in db: Database, _ more: () throws -> Void
    ) throws {
        try db.execute(
            sql: """
                UPDATE jobs SET state = ?, ended = ?,
                    doneShards = (SELECT COUNT(*) FROM shards WHERE job = sequence AND committedEpoch IS NOT NULL),
                    doneTokens = (
                        SELECT COALESCE(SUM(shards.tokens), 0) FROM shards
                        WHERE job = sequence AND committedEpoch IS NOT NULL)
                WHERE sequence = ? AND state IN (?, ?)
                """,
            arguments: [
                state.rawValue, Int(Date().timeIntervalSince1970), job.sequence, JobState.planning.rawValue,
                JobState.running.rawValue,
            ])
        guard db.changesCount == 1 else { return }
        try more()
        guard state == .done || state == .cancelled else { return }
        for table in ["results", "challenges"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE job = ?", arguments: [job.sequence])
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// A name as part of a job's id: lower-case letters, digits and single hyphens.
    private static func plain(_ name: String) -> String {
        let words = name.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        let plain = words.joined(separator: "-").prefix(40)
        return plain.isEmpty ? "job" : String(plain)
    }
}

extension StoredJob {
    fileprivate static func find(_ db: Database, sequence: Int) throws -> StoredJob {
        guard let job = try fetchOne(db, sql: "SELECT * FROM jobs WHERE sequence = ?", arguments: [sequence]) else {
            throw InputError("jobs.sqlite", expected: "job number \(sequence)", found: "no such job", kind: .temporary)
        }
        return job
    }
}
