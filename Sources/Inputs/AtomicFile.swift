import Foundation

/// Writes files so that a reader, or a crash at any moment, sees the old content or the new one and nothing between.
public enum AtomicFile {
    /// Writes `contents` to a temporary name beside `path`, syncs it, renames it to `path` and syncs the folder.
    ///
    /// An existing file is replaced. Throws an `InputError` of kind `temporary` with the system's reason.
    public static func write(_ contents: some ContiguousBytes, to path: String) throws {
        let url = URL(filePath: path)
        let mark = UInt64.random(in: 0...UInt64.max)
        let temporary = url.deletingLastPathComponent()
            .appending(path: ".\(url.lastPathComponent).\(mark).tmp").path(percentEncoded: false)
        let file = try NewFile(temporary, place: path)
        do {
            try file.append(contents)
            try file.finish()
            try move(temporary, to: path)
        } catch {
            unlink(temporary)
            throw error
        }
    }

    /// Gives a file or folder another name in the folder where it is; the new name is durable on return. Throws
    /// `InputError` of kind `temporary`.
    public static func move(_ old: String, to new: String) throws {
        guard rename(old, new) == 0 else { throw failure(new, "to rename \(old) to this name") }
        try sync(folder: URL(filePath: new).deletingLastPathComponent().path(percentEncoded: false))
    }

    /// Makes the names inside a folder durable, as after a rename.
    public static func sync(folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(folder, "a readable folder") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure(folder, "to sync the folder") }
    }

    static func failure(_ place: String, _ expected: String) -> InputError {
        InputError(place, expected: expected, found: String(cString: strerror(errno)), kind: .temporary)
    }
}
