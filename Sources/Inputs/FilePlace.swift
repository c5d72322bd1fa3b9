import Foundation

/// A place in the file system to which a path led, links followed. Nothing is opened by that: to open a FIFO or a device can
/// wait for ever, or change something.
struct FilePlace {
    let status: stat
    /// A path to this very place, whatever the names on the way lead to by now.
    let again: String

    /// Calls `body` with the place that a path leads to, which is below `roots` if there are any: what is looked at is what
    /// `body` opens, so that nobody can put another file there meanwhile. Throws `InputError`.
    static func visit<Result>(
        _ path: String, below roots: ModelRoots?, _ body: (FilePlace) throws -> Result
    ) throws -> Result {
        let descriptor = open(path, __O_PATH | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, "a readable file") }
        defer { close(descriptor) }
        let again = "/proc/self/fd/\(descriptor)"
        if let roots { try roots.check(path, leadsTo: target(of: again)) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(path, "a readable file") }
        return try body(FilePlace(status: status, again: again))
    }

    var isFolder: Bool { status.st_mode & S_IFMT == S_IFDIR }

    /// What stands there, for errors.
    var kind: String {
        switch status.st_mode & S_IFMT {
        case S_IFREG: "a regular file"
        case S_IFDIR: "a folder"
        case S_IFIFO: "a pipe (FIFO)"
        case S_IFSOCK: "a socket"
        case S_IFCHR, S_IFBLK: "a device"
        default: "something else"
        }
    }

    /// Why the last call failed. Trying again helps where the machine is short of something, and not where the file is.
    static func failure(_ path: String, _ expected: String) -> InputError {
        let reason = errno
        let isTemporary = [EMFILE, ENFILE, ENOMEM, EIO, ESTALE, EINTR].contains(reason)
        return InputError(
            path, expected: expected, found: String(cString: strerror(reason)),
            kind: isTemporary ? .temporary : .badData)
    }

    /// Where a link leads; nil where that cannot be told.
    private static func target(of link: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let start = buffer.baseAddress else { return nil }
            let count = readlink(link, start, buffer.count)
            guard count > 0, count < buffer.count else { return nil }
            return String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }
}

/// A folder that an input is in.
public enum InputFolder {
    /// What is in it, unsorted. Throws `InputError` for what is no folder or cannot be read, and for one outside the roots of
    /// the `ModelRoots.confine` around the call.
    public static func names(_ path: String) throws -> [String] {
        try FilePlace.visit(path, below: ModelRoots.inForce) { place in
            guard place.isFolder else { throw InputError(path, expected: "a folder", found: place.kind) }
            do {
                return try FileManager.default.contentsOfDirectory(atPath: place.again)
            } catch {
                throw InputError(path, expected: "a readable folder", found: error.localizedDescription)
            }
        }
    }
}
