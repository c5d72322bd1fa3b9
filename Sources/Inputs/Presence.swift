import Foundation

/// Whether something is there. A place that may not be looked at is an error, not "nothing".
public enum Presence {
    /// What stands at a path.
    public enum Found: Sendable {
        case nothing, folder, file
    }

    /// Looks, links followed. Throws `InputError` with the system's reason where it cannot be found out, such as in a
    /// folder without permission.
    public static func of(_ path: String) throws -> Found {
        var status = stat()
        guard stat(path, &status) != 0 else { return status.st_mode & S_IFMT == S_IFDIR ? .folder : .file }
        let reason = errno
        if reason == ENOENT || reason == ENOTDIR { return .nothing }
        throw InputError(
            path, expected: "a file or folder that can be looked at", found: String(cString: strerror(reason)),
            kind: reason == EIO || reason == ENOMEM ? .temporary : .badData)
    }

    /// Whether there is anything. Throws what `of` throws.
    public static func isThere(_ path: String) throws -> Bool { try of(path) != .nothing }
}
