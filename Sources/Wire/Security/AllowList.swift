import Glibc
import Inputs
import Synchronization

/// The list of allowed keys as it is now: who a key belongs to can be asked from any thread, at any moment.
final class AllowList: Sendable {
    let path: String
    private let keys: Mutex<AllowedKeys>

    /// Throws `InputError` where the file is not a list of keys.
    init(at path: String) throws {
        self.path = path
        keys = Mutex(try AllowedKeys(at: path))
    }

    /// Whose key it is; nil for one that is not, or no more, in the list.
    func principal(of key: PublicKey) -> Principal? {
        keys.withLock { $0.principals[key] }
    }

    fileprivate func change(_ body: (inout AllowedKeys) -> Void) {
        keys.withLock { body(&$0) }
    }
}

/// Keeps an `AllowList` up to date with its file; for use by one thread.
struct AllowListWatch {
    /// What tells that a file was written: device, inode, size and times.
    private struct Stamp: Equatable {
        var numbers: [Int]

        init?(_ path: String) {
            var status = stat()
            guard stat(path, &status) == 0 else { return nil }
            numbers = [
                Int(status.st_dev), Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec,
                status.st_mtim.tv_nsec, status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
            ]
        }
    }

    private let list: AllowList
    private let read: (_ path: String) throws -> AllowedKeys
    /// The file as it was when the list was taken over, or refused, the last time.
    private var taken: Stamp?
    /// The file as it was at the last look.
    private var seen: Stamp?
    /// What kept it from being read at the last look, and may have passed at the next.
    private var trouble: InputError?

    /// `read` reads a list's file.
    init(_ list: AllowList, read: @escaping (_ path: String) throws -> AllowedKeys = { try AllowedKeys(at: $0) }) {
        self.list = list
        self.read = read
        // Read again at the second look: the list may have changed since it was opened.
    }

    /// Takes the list over if it has changed and was the same at two looks in a row: one that is just being written
    /// takes nobody's rights away. Throws the `InputError` of a list that cannot be read; the old one stays in force.
    ///
    /// One that cannot be read now, such as for want of a descriptor, is tried again at every look, and told once: it may take
    /// somebody's rights away.
    mutating func look() throws {
        let now = Stamp(list.path)
        defer { seen = now }
        guard now == seen, now != taken else { return }
        do {
            let fresh = try read(list.path)
            (taken, trouble) = (now, nil)
            list.change { $0 = fresh }
        } catch let error as InputError where error.kind == .temporary {
            defer { trouble = error }
            if error != trouble { throw error }
        } catch {
            (taken, trouble) = (now, nil)
            throw error
        }
    }

    /// Whose key it is, for a key that the list does not have yet: it may have been added to the file just now.
    func lookFor(_ key: PublicKey) -> Principal? {
        guard Stamp(list.path) != taken, let fresh = try? read(list.path) else { return nil }
        if fresh.principals[key] != nil { list.change { $0 = $0.adding(fresh) } }
        return fresh.principals[key]
    }
}
