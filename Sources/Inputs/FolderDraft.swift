import Foundation
import Synchronization

/// A folder under a hidden name that says which process makes it, `.NAME.HOST-PID-MARK.partial`, and is locked as long as
/// that process lives.
///
/// The name alone is not enough: process numbers are used again, and processes in containers may have equal ones. The
/// lock alone is not enough: not all network file systems have locks.
final class FolderDraft {
    let path: String
    private var lock: Int32

    private static let suffix = ".partial"
    /// The drafts of this process.
    private static let own = Mutex<Set<String>>([])

    /// Makes the folder. What `failure` makes of the system's `errno` is thrown where that fails.
    init(of name: String, in parent: String, failure: () -> InputError) throws {
        path = Self.path(of: name, in: parent)
        guard mkdir(path, 0o777) == 0 else { throw failure() }
        Self.own.withLock { [path] in _ = $0.insert(path) }
        lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if lock >= 0 { _ = flock(lock, LOCK_EX | LOCK_NB) }
    }

    deinit { release() }

    private static func path(of name: String, in parent: String) -> String {
        let mark = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        // A name may have 255 bytes.
        return "\(parent)/.\(name.prefix(24)).\(host)-\(getpid())-\(mark)\(suffix)"
    }

    /// Gives a folder the name of a draft, and removes it. What cannot be renamed is removed where it is.
    static func discard(_ folder: String) {
        let url = URL(fileURLWithPath: folder)
        let draft = path(of: url.lastPathComponent, in: url.deletingLastPathComponent().path)
        try? FileManager.default.removeItem(atPath: rename(folder, draft) == 0 ? draft : folder)
    }

    /// Ends the lock: the folder has its real name, or is gone.
    func release() {
        Self.own.withLock { [path] in _ = $0.remove(path) }
        if lock >= 0 { close(lock) }
        lock = -1
    }

    /// Removes it with all that is in it.
    func remove() {
        // The error that led here is the one to report. Whatever stays is removed by whoever makes the next draft here.
        try? FileManager.default.removeItem(atPath: path)
        release()
    }

    /// Removes drafts of this process, while it may still be writing into them; all of them unless told otherwise.
    static func removeOwn(where isMeant: (_ path: String) -> Bool = { _ in true }) {
        for path in own.withLock({ $0 }) where isMeant(path) {
            // A file that is made meanwhile keeps the folder from going; once it is gone no file can be made.
            for _ in 0..<100 {
                try? FileManager.default.removeItem(atPath: path)
                if access(path, F_OK) != 0 { break }
            }
        }
    }

    /// Removes drafts in a folder whose processes, on this machine, are gone. What cannot be removed stays: it does no
    /// harm.
    static func removeAbandoned(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
            guard let maker = process(ofDraft: name), kill(maker, 0) != 0, errno == ESRCH else { continue }
            let path = parent + "/" + name
            let lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            guard lock >= 0 else { continue }
            defer { close(lock) }
            if flock(lock, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { continue }
            try? FileManager.default.removeItem(atPath: path)
        }
    }

    /// The process that made a draft on this machine; nil for any other name.
    private static func process(ofDraft name: String) -> pid_t? {
        guard name.hasPrefix("."), name.hasSuffix(suffix) else { return nil }
        let parts = name.dropLast(suffix.count).split(separator: "-")
        guard parts.count >= 3, UInt64(parts[parts.count - 1], radix: 16) != nil,
            let maker = pid_t(parts[parts.count - 2]), maker > 0
        else { return nil }
        return name.hasSuffix(".\(host)-\(parts[parts.count - 2])-\(parts[parts.count - 1])\(suffix)") ? maker : nil
    }

    private static let host = String(ProcessInfo.processInfo.hostName.filter { $0 != "/" }.prefix(64))
}
