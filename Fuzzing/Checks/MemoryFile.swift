import Foundation
import Inputs

/// A file without a name, which its owner alone can read.
struct MemoryFile: Sendable {
    private let descriptor: Int32

    /// Makes it where temporary files are; scripts/fuzz has them in memory.
    init() throws {
        var name = Array("\(FileManager.default.temporaryDirectory.path)/actdiff-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0, unlink(name) == 0 else {
            throw InputError("temporary files", expected: "a file", found: String(cString: strerror(errno)))
        }
    }

    /// The file's path, after these bytes have become its content.
    func holding(_ bytes: [UInt8]) throws -> String {
        let isWritten = ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
        try demand(isWritten, "the file cannot be written")
        return "/proc/self/fd/\(descriptor)"
    }
}
