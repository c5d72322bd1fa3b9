import Foundation

/// A folder that appears under its name complete or not at all: filled under a hidden name beside it, every file and the
/// folder fsynced, then renamed. An existing folder is never touched.
///
/// A process that ends midway leaves its draft behind; the next one that makes a folder there removes it (`FolderDraft`).
public final class NewFolder {
    private let path: String
    private var draft: FolderDraft?
    /// Folders around it that were made for it, outermost first.
    private var surroundings: [String] = []

    /// Makes the draft, and the folders around it that are not there yet. Throws `InputError`: of kind `usage` when there is
    /// something at `path`, of kind `configuration` when the folder around it cannot be written, of kind `temporary` for want
    /// of room.
    public init(_ path: String) throws {
        self.path = URL(fileURLWithPath: path).standardizedFileURL.path
        try Self.refuseExisting(path)
        let url = URL(fileURLWithPath: self.path)
        let parent = url.deletingLastPathComponent().path
        surroundings = try Self.makeFolders(to: parent) { Self.noPlace(path) }
        FolderDraft.removeAbandoned(in: parent)
        do {
            draft = try FolderDraft(of: url.lastPathComponent, in: parent) { Self.noPlace(path) }
        } catch {
            removeSurroundings()
            throw error
        }
    }

    deinit {
        guard let draft else { return }
        draft.remove()
        removeSurroundings()
    }

    /// Removes the folders that were made for it, as far as nothing else is in them.
    private func removeSurroundings() {
        for folder in surroundings.reversed() { rmdir(folder) }
    }

    /// Makes the folders of a path that are not there yet, and returns them. What `failure` makes of `errno` is thrown where
    /// that fails.
    private static func makeFolders(to path: String, failure: () -> InputError) throws -> [String] {
        var missing: [String] = []
        var folder = URL(fileURLWithPath: path)
        while folder.path != "/", access(folder.path, F_OK) != 0, errno == ENOENT {
            missing.insert(folder.path, at: 0)
            folder.deleteLastPathComponent()
        }
        for (number, folder) in missing.enumerated() where mkdir(folder, 0o777) != 0 && errno != EEXIST {
            let error = failure()
            for made in missing[..<number].reversed() { rmdir(made) }
            throw error
        }
        return missing
    }

    /// Removes a folder so that it is whole or gone for whoever looks for it, whenever the process ends: what is left half
    /// removed has another name, and goes with the next folder that is made beside it.
    public static func discard(_ path: String) {
        FolderDraft.discard(path)
    }

    /// Where its files are until it is published.
    public var place: String { draft?.path ?? path }

    /// Bytes that can still be written there; nil where the system does not say.
    public var freeBytes: Int? {
        var status = statvfs()
        guard statvfs(place, &status) == 0 else { return nil }
        let (bytes, isTooMuch) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
        return isTooMuch ? .max : Int(clamping: bytes)
    }

    /// Removes all drafts that this process is making, for when it is told to end at once.
    public static func discardDrafts() {
        FolderDraft.removeOwn()
    }

    /// Writes a file and waits until it is on the disk.
    public func write(_ data: some ContiguousBytes, to name: String) throws {
        try file(name) { try $0.append(data) }
    }

    /// Makes a file of what `body` writes into it, and waits until that is on the disk.
    public func file(_ name: String, _ body: (NewFile) throws -> Void) throws {
        let file = try NewFile(place + "/" + name, place: path + "/" + name)
        try body(file)
        try file.finish()
    }

    /// Gives the folder its name.
    public func publish() throws {
        guard let draft else { return }
        try AtomicFile.sync(folder: draft.path)
        try Self.refuseExisting(path)
        try AtomicFile.move(draft.path, to: path)
        draft.release()
        self.draft = nil
        surroundings = []
    }

    /// Throws `InputError` when no folder could be made at the path: there is something already, or the nearest folder around
    /// it that is there cannot be written. For before a job, which may take hours.
    public static func checkPlace(_ path: String) throws {
        try refuseExisting(path)
        var parent = URL(fileURLWithPath: path).deletingLastPathComponent()
        while parent.path != "/", access(parent.path, F_OK) != 0, errno == ENOENT { parent.deleteLastPathComponent() }
        // The slash asks for a folder: a file at this path is an error too.
        guard access(parent.path + "/", W_OK | X_OK) == 0 else { throw noPlace(path) }
    }

    /// Throws `InputError` of kind `usage` when there is something at the path already.
    public static func refuseExisting(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) != 0 else {
            throw InputError(
                path, expected: "a folder that does not exist yet", found: "one that does",
                hint: "results are never overwritten: name another folder, or move this one away", kind: .usage)
        }
    }

    private static func noPlace(_ path: String) -> InputError {
        let reason = errno
        return InputError(
            path, expected: "a place where a folder can be made", found: String(cString: strerror(reason)),
            kind: [ENOSPC, EDQUOT, EIO, EMFILE, ENFILE].contains(reason) ? .temporary : .configuration)
    }
}
