import Diffing
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
    /// Those that are under way.
    private let calls = DispatchGroup()
    let path: String

    /// Opens the database in the folder, or makes it. Throws `InputError` for a file that is something else or that a
    /// newer version wrote.
    public init(_ folder: StateFolder) throws {
        path = folder.database
        do {
            var configuration = Configuration()
            configuration.label = "actdiff"
            // Others may look into the database; they must not make a commit fail.
            configuration.busyMode = .timeout(10)
            pool = try DatabasePool(path: path, configuration: configuration)
            // The pool's own choice for WAL is NORMAL, which may lose the last commits in a power cut.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            try Self.refuseStrangers(pool, path: path)
            try Self.migrator.migrate(pool)
        } catch let error as DatabaseError {
            // What is no database stays none; a disk that is full or away gets better.
            let isStranger = [.SQLITE_NOTADB, .SQLITE_CORRUPT].contains(error.resultCode)
            throw InputError(
                path, expected: "actdiff's job database", found: Self.explain(error),
                kind: isStranger ? .configuration : .temporary)
        }
    }

    /// The database's own account of how careful it is with commits: 2 is FULL.
    func synchronous() throws -> Int? {
        try pool.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
    }

    /// Ends all access, so that the folder may be removed or used by another process; later calls throw. Waits for
    /// calls that are under way: a fold may be reading, and closing under it would end the process.
    func close() {
        isClosed.withLock { $0 = true }
        calls.wait()
        // Fails only for statements that are still in use: there are none.
        try? pool.close()
    }

    func read<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mapped { try pool.read(body) }
    }

    func write<Value>(_ body: (Database) throws -> Value) throws -> Value {
        try mapped { try pool.write(body) }
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
        }
    }

    private static func explain(_ error: DatabaseError) -> String {
        error.message ?? "SQLite error \(error.resultCode.rawValue)"
    }
}
