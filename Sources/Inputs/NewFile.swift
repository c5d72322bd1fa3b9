import Foundation

/// A file that is made piece by piece, and is on the disk once it is finished. The one place where bytes become durable.
///
/// All methods throw `InputError` with the system's reason; of kind `temporary`, unless no file can be made there at all.
public final class NewFile {
    private let place: String
    private var descriptor: Int32

    /// Makes the file, which must not exist yet. `place` names it in errors.
    public init(_ path: String, place: String) throws {
        self.place = place
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw AtomicFile.failure(place, "a folder where a file can be made") }
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
