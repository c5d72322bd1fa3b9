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
        return migrator
    }

    /// Refuses a database that is not ours, and one from a later version, before anything is written to it.
    static func refuseStrangers(_ pool: DatabasePool, path: String) throws {
        try pool.read { db in
            let found = try Int.fetchOne(db, sql: "PRAGMA application_id") ?? 0
            // The migrator makes its own table before anything else: a coordinator may have been killed right after.
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
