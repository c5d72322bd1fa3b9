import Foundation
import GRDB
import Inputs
import Synchronization
import Wire

/// All that a coordinator must not forget, in one SQLite database: jobs, shards with their epochs, results.
///
/// Every method is one transaction; when it returns, the change survives `kill -9` and, as far as the disk keeps its
/// promises, a power cut (WAL, synchronous FULL). Throws `InputError` of kind `temporary` where the disk refuses.
public final class JobStore: Sendable {
    private let pool: DatabasePool
    private let isClosed = Mutex(false)
    /// Reads and writes that are under way.
    private let calls = DispatchGroup()
    let path: String
    let results: ResultFiles

    /// Opens the database in the folder, or makes it. Throws `InputError` for a file that is something else or that a
    /// newer version wrote.
    public init(_ folder: StateFolder) throws {
        path = folder.database
        results = ResultFiles(folder: folder.results)
        do {
            var configuration = Configuration()
            configuration.label = "actdiff"
            // Others may look into the database; they must not make a commit fail.
            configuration.busyMode = .timeout(10)
            configuration.prepareDatabase { db in
                // Room that removed jobs leave can be given back in steps. Only a file without a table takes this.
                if !db.configuration.readonly { try db.execute(sql: "PRAGMA auto_vacuum = INCREMENTAL") }
            }
            pool = try DatabasePool(path: path, configuration: configuration)
            // The pool's own choice for WAL is NORMAL, which may lose the last commits in a power cut.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Self.refuseStrangers(pool, path: path)
            try Self.migrator.migrate(pool)
            try sweepResults()
            try compactOnce()
            try failUnreadableJobs()
        } catch let error as DatabaseError {
            // A file that is no database will never be one; a full or missing disk may recover.
            let isStranger = [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode)
            throw InputError(
                path, expected: "actdiff's job database", found: Self.explain(error),
                kind: isStranger ? .configuration : .temporary)
        }
    }

    /// Removes result files that no row names. For the start: later, a row may be about to come.
    private func sweepResults() throws {
        let names = try read { db in
            try String.fetchSet(
                db,
                sql: """
                    SELECT file FROM results WHERE file IS NOT NULL
                    UNION ALL SELECT file FROM challenges WHERE file IS NOT NULL
                    """)
        }
        try results.sweep(keeping: names)
    }

    /// How careful the database is with commits, by its own account: 2 is FULL.
    func synchronous() throws -> Int? {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// Ends all access, so that the folder may be removed or used by another process; later calls throw. Waits for
    /// calls that are under way: a fold may be reading, and closing under it would end the process.
    func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        // A connection that is closed must not be asked for anything.
        guard isFirst else { return }
        calls.wait()
        // A clean end leaves no write-ahead log behind. If somebody is reading it now, the next end truncates it.
        try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        // This fails only while statements are in use, and there are none.
        try? pool.close()
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mapped { try pool.read(body) }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mapped { try pool.write(body) }
    }

    /// For what SQLite does not do inside of a transaction.
    func writeWithoutTransaction<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mapped { try pool.writeWithoutTransaction(body) }
    }

    private func mapped<Value>(_ body: () throws -> Value) throws -> Value {
        let isOpen = isClosed.withLock { isClosed in
            if !isClosed { calls.enter() }
            return !isClosed
        }
        guard isOpen else {
            throw InputError(path, expected: "a working database", found: "one that is closed", kind: .temporary)
        }
        defer { calls.leave() }
        do {
            return try body()
        } catch let error as DatabaseError {
            throw InputError(path, expected: "a working database", found: Self.explain(error), kind: .temporary)
        } catch let error as RowDecodingError {
            throw InputError(
                path, expected: "rows as they were stored", found: "\(error)",
                hint: "the database or its disk is damaged: restore the state folder", kind: .configuration)
        }
    }

    private static func explain(_ error: DatabaseError) -> String {
        error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
