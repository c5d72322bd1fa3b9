import Foundation
import GRDB
import Inputs

extension JobStore {
    /// "actd": says in the file's header whose database it is.
    private static let applicationID = 0x6163_7464

    /// The schema's history. Steps are only ever added at the end.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1 jobs, shards, results") { db in
            try db.execute(sql: "PRAGMA application_id = \(applicationID)")
            try db.execute(
                sql: """
                    CREATE TABLE jobs (
                        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        name TEXT NOT NULL,
                        submitted INTEGER NOT NULL,  -- seconds since 1970
                        specText TEXT NOT NULL,
                        specFile TEXT NOT NULL,
                        folder TEXT NOT NULL,
                        state TEXT NOT NULL,
                        error TEXT,                  -- InputError, JSON
                        task TEXT,                   -- DiffTask, JSON; from here on NULL until planned
                        record BLOB,                 -- the planner's own
                        shards INTEGER NOT NULL DEFAULT 0,
                        tokens INTEGER NOT NULL DEFAULT 0,
                        files TEXT                   -- the bundle's files, JSON; NULL until folded
                    ) STRICT;
                    CREATE TABLE shards (
                        job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
                        shard INTEGER NOT NULL,
                        tokens INTEGER NOT NULL,
                        epoch INTEGER NOT NULL DEFAULT 0,  -- highest ever handed out
                        digest TEXT,                       -- of the committed result
                        committedEpoch INTEGER,
                        instructionSet TEXT,               -- of the worker that computed it
                        work BLOB NOT NULL,
                        PRIMARY KEY (job, shard)
                    ) STRICT;
                    CREATE TABLE results (
                        job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
                        shard INTEGER NOT NULL,
                        bytes BLOB NOT NULL,
                        PRIMARY KEY (job, shard)
                    ) STRICT;
                    CREATE INDEX shardsByCommit ON shards (job, committedEpoch, tokens);
                    """)
        }
        migrator.registerMigration("2 tickets, quarantine, verification, story") { db in
            try db.execute(
                sql: """
                    ALTER TABLE jobs ADD COLUMN ticket TEXT;        -- drawn by who submitted it
                    CREATE UNIQUE INDEX jobsByTicket ON jobs (ticket);
                    ALTER TABLE shards ADD COLUMN holder TEXT;        -- the worker's life that got the highest epoch
                    ALTER TABLE shards ADD COLUMN worker TEXT;        -- name of the one whose result is committed
                    ALTER TABLE shards ADD COLUMN quarantined TEXT;   -- InputError, JSON: why it was given up
                    ALTER TABLE shards ADD COLUMN verification TEXT;  -- how it ended
                    CREATE INDEX shardsByQuarantine ON shards (job, shard) WHERE quarantined IS NOT NULL;
                    CREATE TABLE story (
                        job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
                        shard INTEGER NOT NULL,
                        at INTEGER NOT NULL,         -- milliseconds since 1970
                        epoch INTEGER NOT NULL,
                        event TEXT NOT NULL,
                        worker TEXT NOT NULL,
                        reason TEXT NOT NULL
                    ) STRICT;
                    CREATE INDEX storyByShard ON story (job, shard);
                    """)
        }
        migrator.registerMigration("3 kinds of work") { db in
            try db.execute(
                sql: """
                    ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'latents';
                    ALTER TABLE jobs ADD COLUMN build TEXT NOT NULL DEFAULT '';            -- of the program that planned it
                    ALTER TABLE jobs ADD COLUMN taskVersion INTEGER NOT NULL DEFAULT 1;
                    ALTER TABLE jobs ADD COLUMN taskBytes BLOB;                            -- NULL until planned
                    ALTER TABLE jobs ADD COLUMN shardVersion INTEGER NOT NULL DEFAULT 1;   -- of shards.work
                    ALTER TABLE shards ADD COLUMN verify INTEGER NOT NULL DEFAULT 0;       -- 1: computed a second time
                    ALTER TABLE results ADD COLUMN seal TEXT;                              -- ResultSeal
                    ALTER TABLE results ADD COLUMN file TEXT;                              -- where they are, if not here
                    UPDATE jobs SET taskBytes = CAST(task AS BLOB);
                    UPDATE jobs SET task = NULL;
                    """)
        }
        migrator.registerMigration("4 ends of jobs, lists, removal") { db in
            try db.execute(
                sql: """
                    ALTER TABLE jobs ADD COLUMN ended INTEGER;        -- seconds since 1970; NULL until it has ended
                    ALTER TABLE jobs ADD COLUMN doneShards INTEGER;   -- committed ones, once it has ended
                    ALTER TABLE jobs ADD COLUMN doneTokens INTEGER;
                    ALTER TABLE jobs ADD COLUMN verified INTEGER;     -- shards to be computed twice; NULL until planned
                    ALTER TABLE jobs ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;  -- 1: nobody sees it, its rows go
                    -- What lists show, without a look at specs and tasks, which lie before it in the table.
                    CREATE INDEX jobsForLists ON jobs (
                        sequence, removed, id, name, submitted, state, error, shards, tokens, ended, doneShards, doneTokens);
                    CREATE INDEX jobsByState ON jobs (state);
                    -- When they ended was not noted before: they count from now.
                    UPDATE jobs SET ended = CAST(strftime('%s', 'now') AS INTEGER),
                        doneShards = (
                            SELECT COUNT(*) FROM shards WHERE job = sequence AND committedEpoch IS NOT NULL),
                        doneTokens = (
                            SELECT COALESCE(SUM(shards.tokens), 0) FROM shards
                            WHERE job = sequence AND committedEpoch IS NOT NULL)
                    WHERE state NOT IN ('planning', 'running');
                    """)
        }
        migrator.registerMigration("5 disputes, convictions, pinned jobs") { db in
            try db.execute(
                sql: """
                    ALTER TABLE shards ADD COLUMN author TEXT;                         -- Author.id; worker is its name
                    ALTER TABLE shards ADD COLUMN disputed INTEGER NOT NULL DEFAULT 0; -- 1: workers have disagreed
                    ALTER TABLE jobs ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;     -- 1: to one number system
                    ALTER TABLE jobs ADD COLUMN numberSystem TEXT;                     -- that one, once there is a lease
                    CREATE TABLE challenges (      -- results that differ from committed ones
                        job INTEGER NOT NULL REFERENCES jobs (sequence) ON DELETE CASCADE,
                        shard INTEGER NOT NULL,
                        author TEXT NOT NULL,
                        name TEXT NOT NULL,
                        what TEXT NOT NULL,        -- how they differ
                        bytes BLOB NOT NULL,
                        file TEXT,                 -- where they are, if not here
                        transfer TEXT NOT NULL,    -- SHA-256 of the bytes
                        PRIMARY KEY (job, shard)
                    ) STRICT;
                    CREATE TABLE convictions (     -- whose numbers were found wrong
                        author TEXT PRIMARY KEY,
                        name TEXT NOT NULL,
                        what TEXT NOT NULL,
                        at INTEGER NOT NULL        -- seconds since 1970
                    ) STRICT;
                    """)
        }
        migrator.registerMigration("6 plans that end the coordinator") { db in
            // How often the job's plan was begun and did not come to an end, of whatever kind.
            try db.execute(sql: "ALTER TABLE jobs ADD COLUMN planStarts INTEGER NOT NULL DEFAULT 0")
        }
        migrator.registerMigration("7 seals of plans") { db in
            try db.execute(
                sql: """
                    ALTER TABLE jobs ADD COLUMN seal TEXT;     -- PlanSeal; NULL until planned
                    ALTER TABLE shards ADD COLUMN seal TEXT;   -- ShardSeal
                    ALTER TABLE shards ADD COLUMN verifiers TEXT;   -- Author.id, a line each: whose results agree
                    """)
            try sealPlans(db)
        }
        migrator.registerMigration("8 number systems of challenges") { db in
            // Empty for earlier ones: nothing is of their system, so that rounding may explain a difference.
            try db.execute(sql: "ALTER TABLE challenges ADD COLUMN numberSystem TEXT NOT NULL DEFAULT ''")
        }
        return migrator
    }

    /// Seals the plans that there are, as they are now.
    private static func sealPlans(_ db: Database) throws {
        let jobs = try Row.fetchAll(
            db,
            sql: """
                SELECT sequence, specText, specFile, folder, kind, taskVersion, taskBytes, record, shardVersion, pinned
                FROM jobs WHERE taskBytes IS NOT NULL
                """)
        for job in jobs {
            let sequence: Int = job["sequence"]
            let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM shards WHERE job = ?", arguments: [sequence])
            var seals: [String] = []
            for index in 0..<(count ?? 0) {
                let shard = try Row.fetchOne(
                    db, sql: "SELECT tokens, work FROM shards WHERE job = ? AND shard = ?",
                    arguments: [sequence, index])
                guard let shard else { continue }
                let work: Data = shard["work"]
                let seal = ShardSeal(index, tokens: shard["tokens"], work: work).text
                try db.execute(
                    sql: "UPDATE shards SET seal = ? WHERE job = ? AND shard = ?", arguments: [seal, sequence, index])
                seals.append(seal)
            }
            let record: Data? = job["record"]
            let source = JobSourceDigest(
                specText: job["specText"], specFile: job["specFile"], folder: job["folder"])
            let seal = PlanSeal(
                job: source, kind: job["kind"], task: (job["taskVersion"], job["taskBytes"]), record: record ?? Data(),
                shardVersion: job["shardVersion"], isPinned: job["pinned"], shards: seals)
            try db.execute(sql: "UPDATE jobs SET seal = ? WHERE sequence = ?", arguments: [seal.text, sequence])
        }
    }

    /// Refuses a database that is not ours, and one from a later version, before anything is written to it.
    static func refuseStrangers(_ pool: DatabasePool, path: String) throws {
        try pool.read { db in
            let found = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            // The migrator's own table does not count: a coordinator may have been killed right after making it.
            let tables =
                try Int.fetchOne(
                    db,
                    sql: """
                        SELECT COUNT(*) FROM sqlite_master
                        WHERE tbl_name <> 'grdb_migrations' AND tbl_name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                        """) ?? 0
            guard found == applicationID || tables == 0 else {
                throw InputError(
                    path, expected: "actdiff's job database (application id \(applicationID))",
                    found: "another program's (application id \(found))", kind: .configuration)
            }
            let newer = try migrator.hasBeenSuperseded(db)
            guard !newer else {
                let steps = try String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations ORDER BY identifier")
                throw InputError(
                    path, expected: "a schema up to '\(migrator.migrations.last ?? "")'",
                    found: "one with '\(steps.last ?? "")'",
                    hint: "use the version of actdiff that wrote it, or a newer one",
                    kind: .configuration)
            }
        }
    }
}
