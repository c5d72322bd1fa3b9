import Foundation
import Inputs
import Synchronization

/// The folder where a coordinator keeps everything; at most one process has it at a time.
public final class StateFolder: Sendable {
    public let path: String
    /// Holds the lock for as long as it is open. Closed on exec, so that no child keeps the folder locked.
    private let lock: Mutex<Int32?>

    /// The database itself, locked: a lock file can be removed, and another one made. Open from before SQLite opens it until
    /// after SQLite has closed it, as closing any descriptor of a file ends all of SQLite's locks on it.
    private let databaseLock: Mutex<Int32?>

    /// Makes the folder if need be and locks it. What others could look into is made the owner's alone: modes 0700 and 0600.
    /// Throws `InputError` when it cannot be written or is in use.
    public init(_ path: String) throws {
        self.path = path
        try Self.refuseForeign(path)
        do {
            // Parent folders get the usual permissions, as from mkdir.
            try FileManager.default.createDirectory(
                at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
            for folder in [path, path + "/bundles", path + "/folds", path + "/results"] {
                try FileManager.default.createDirectory(
                    atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            }
        } catch {
            let isFull = (error as? CocoaError)?.code == .fileWriteOutOfSpace
            throw InputError(
                path, expected: "a folder that can be written", found: "\(error.localizedDescription)",
                kind: isFull ? .temporary : .configuration)
        }
        let file = path + "/coordinator.lock"
        let lock = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard lock >= 0 else {
            throw InputError(
                file, expected: "a file that can be written", found: String(cString: strerror(errno)),
                kind: errno == ENOSPC ? .temporary : .configuration)
        }
        guard flock(lock, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            let holder = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            close(lock)
            throw Self.inUse(path, reason, by: "process \(holder)")
        }
        let database: Int32
        do {
            try Self.makePrivate(path, 0o700)
            database = try Self.lockDatabase(path + "/jobs.sqlite", in: path)
        } catch {
            close(lock)
            throw error
        }
        databaseLock = Mutex(database)
        let line = Array("\(getpid())".utf8)
        _ = ftruncate(lock, 0)
        _ = pwrite(lock, line, line.count, 0)
        self.lock = Mutex(lock)
    }

    /// Throws `InputError` for a folder with other files: it would be made private, and filled.
    private static func refuseForeign(_ path: String) throws {
        // What cannot be listed is told when it is written.
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard !names.contains("coordinator.lock"), !names.contains("jobs.sqlite") else { return }
        // The folders come first when a state is made; the other one is at the top of a file system of its own.
        let harmless = ["bundles", "folds", "results", "lost+found"]
        guard let first = names.filter({ !harmless.contains($0) }).min() else { return }
        throw InputError(
            path, expected: "an empty folder, or the state folder of a coordinator",
            found: "one with other files, such as \(first)",
            hint: "name a new folder", kind: .configuration)
    }

    /// The database's descriptor, with a lock that does not touch SQLite's.
    private static func lockDatabase(_ file: String, in path: String) throws -> Int32 {
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0o600)
        guard descriptor >= 0 else {
            throw InputError(
                file, expected: "a file that can be written", found: String(cString: strerror(errno)),
                kind: [ENOSPC, EMFILE, ENFILE].contains(errno) ? .temporary : .configuration)
        }
        do {
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                throw inUse(path, errno, by: "another process, although its lock file was removed")
            }
            for file in [file, file + "-wal", file + "-shm"] where access(file, F_OK) == 0 {
                try makePrivate(file, 0o600)
            }
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func makePrivate(_ path: String, _ mode: mode_t) throws {
        var status = stat()
        guard stat(path, &status) == 0, status.st_mode & 0o077 != 0, chmod(path, mode) != 0 else { return }
        throw InputError(
            path, expected: "a state that only its owner can read, mode 0\(String(mode, radix: 8))",
            found: "mode 0\(String(status.st_mode & 0o777, radix: 8)): \(String(cString: strerror(errno)))",
            kind: .configuration)
    }

    private static func inUse(_ path: String, _ reason: Int32, by holder: String) -> InputError {
        InputError(
            path, expected: "a state folder that no other coordinator uses",
            found: reason == EWOULDBLOCK ? "one in use by \(holder)" : String(cString: strerror(reason)),
            kind: .temporary)
    }

    deinit { unlock() }

    /// Lets another coordinator have the folder.
    func unlock() {
        Self.free(databaseLock)
        Self.free(lock)
    }

    private static func free(_ lock: borrowing Mutex<Int32?>) {
        lock.withLock { lock in
            if let open = lock {
                // A child that is just being started has the descriptor until its exec, and would keep the lock that long.
                flock(open, LOCK_UN)
                close(open)
            }
            lock = nil
        }
    }

    var database: String { path + "/jobs.sqlite" }

    /// Where a finished job's bundle stands.
    func bundle(of job: String) -> String { bundles + "/" + job }

    /// Where a running job's fold has its snapshot.
    func fold(of job: String) -> String { folds + "/" + job }

    var bundles: String { path + "/bundles" }
    var folds: String { path + "/folds" }
    /// Where results that are too large for the database stand.
    var results: String { path + "/results" }
}
