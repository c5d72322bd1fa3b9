import Foundation
import Inputs
import Synchronization

/// The folder where a coordinator keeps everything; at most one process has it at a time.
public final class StateFolder: Sendable {
    public let path: String
    /// Holds the lock for as long as it is open. Closed on exec, so that no child keeps the folder locked.
    private let lock: Mutex<Int32?>

    /// Makes the folder if need be and locks it. Throws `InputError` when it cannot be written or is in use.
    public init(_ path: String) throws {
        self.path = path
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
            throw InputError(
                path, expected: "a state folder that no other coordinator uses",
                found: reason == EWOULDBLOCK ? "one in use by process \(holder)" : String(cString: strerror(reason)),
                kind: .temporary)
        }
        let line = Array("\(getpid())".utf8)
        _ = ftruncate(lock, 0)
        _ = pwrite(lock, line, line.count, 0)
        self.lock = Mutex(lock)
    }

    deinit { unlock() }

    /// Lets another coordinator have the folder.
    func unlock() {
        lock.withLock { lock in
            if let open = lock { close(open) }
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
