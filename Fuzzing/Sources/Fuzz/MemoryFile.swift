import Glibc
import Inputs

/// A file in memory that has no name, and that its owner alone can read.
struct MemoryFile {
    private let descriptor: Int32

    init() throws {
        var name = Array("/dev/shm/actdiff-fuzz-XXXXXX".utf8CString)
        descriptor = mkstemp(&name)
        guard descriptor >= 0, unlink(name) == 0 else {
            throw InputError("/dev/shm", expected: "a file", found: String(cString: strerror(errno)))
        }
    }

    /// The file's path, after these bytes have become its content.
    func holding(_ bytes: [UInt8]) -> String {
        let isWritten = ftruncate(descriptor, 0) == 0 && pwrite(descriptor, bytes, bytes.count, 0) == bytes.count
        demand(isWritten, "the file in memory cannot be written")
        return "/proc/self/fd/\(descriptor)"
    }
}
