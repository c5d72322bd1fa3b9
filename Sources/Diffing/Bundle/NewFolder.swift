import Foundation
import Inputs

/// A folder that appears under its name complete or not at all: filled under a hidden name beside it, every file and the
/// folder fsynced, then renamed. An existing folder is never touched.
struct NewFolder {
    private let path: String
    private let parent: String
    private let draft: String

    /// Makes the draft. Throws `InputError` when `path` exists or the folder around it cannot be written.
    init(_ path: String) throws {
        let url = URL(fileURLWithPath: path)
        self.path = url.path
        parent = url.deletingLastPathComponent().path
        draft = parent + "/.\(url.lastPathComponent).\(UUID().uuidString).partial"
        try refuseExisting()
        guard mkdir(draft, 0o777) == 0 else {
            let reason = errno
            throw InputError(
                parent, expected: "a folder that can be written", found: String(cString: strerror(reason)),
                kind: [ENOSPC, EDQUOT, EIO, EMFILE, ENFILE].contains(reason) ? .temporary : .configuration)
        }
    }

    /// Writes a file and waits until it is on the disk.
    func write(_ data: Data, to name: String) throws {
        let file = draft + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw failure("to create \(name)") }
        defer { close(descriptor) }
        var rest = data[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure("to write \(name)") }
            rest = rest.dropFirst(written)
        }
        guard fsync(descriptor) == 0 else { throw failure("to store \(name)") }
    }

    /// Gives the folder its name.
    func publish() throws {
        try sync(draft)
        try refuseExisting()
        guard rename(draft, path) == 0 else { throw failure("to rename the finished folder") }
        try sync(parent)
    }

    /// Removes a draft that will not be published.
    func discard() {
        // The error that led here is the one to tell; a draft left behind does no harm.
        try? FileManager.default.removeItem(atPath: draft)
    }

    private func refuseExisting() throws {
        var status = stat()
        guard lstat(path, &status) != 0 else {
            throw InputError(
                path, expected: "a name that is free", found: "a file or folder that exists",
                hint: "results are never overwritten; remove it or choose another name", kind: .configuration)
        }
    }

    private func sync(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("to open \(folder)") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("to store \(folder)") }
    }

    private func failure(_ expected: String) -> InputError {
        InputError(path, expected: expected, found: String(cString: strerror(errno)), kind: .temporary)
    }
}
