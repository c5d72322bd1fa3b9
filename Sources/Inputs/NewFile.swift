import Foundation

/// A file that is made piece by piece, and is on the disk once it is finished. The one place where bytes become durable.
///
/// All methods throw `InputError` with the system's reason; of kind `temporary`, unless no file can be made there at all.
public final class NewFile {
    private let place: String
    private var descriptor: Int32

    /// Makes the file, which must not exist yet. `place` names it in errors. With `mode` the file has exactly that one,
    /// whatever the umask says, and others can read nothing of it before; without, what the umask leaves of 0666.
    public init(_ path: String, place: String, mode: mode_t? = nil) throws {
        self.place = place
        let first = mode.map { $0 & 0o600 } ?? 0o666
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, first)
        guard descriptor >= 0 else { throw AtomicFile.failure(place, "a folder where a file can be made") }
        if let mode, fchmod(descriptor, mode) != 0 {
            let error = AtomicFile.failure(place, "to give the file mode 0\(String(mode, radix: 8))")
            close(descriptor)
            descriptor = -1
            unlink(path)
            throw error
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Writes all of the bytes behind what is there.
    public func append(_ contents: some ContiguousBytes) throws {
        try contents.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let written = write(descriptor, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw AtomicFile.failure(place, "to write \(bytes.count) bytes") }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }

    /// Waits until everything is on the disk, and closes the file.
    public func finish() throws {
        guard fsync(descriptor) == 0 else { throw AtomicFile.failure(place, "to sync the file") }
        close(descriptor)
        descriptor = -1
    }
}
