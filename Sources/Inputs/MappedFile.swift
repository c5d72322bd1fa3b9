import Foundation

/// A file's bytes, memory-mapped read-only for as long as the object lives.
///
/// The one place where raw memory is shared between threads: the mapping is never written, and unmapped only when the
/// last reference goes, so sharing it is safe as long as nobody keeps `bytes` without keeping the object.
public final class MappedFile: Sendable {
    /// Path as it was opened, for error messages.
    public let path: String
    /// The whole file; empty for an empty file.
    public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
    private let descriptor: Int32

    /// Maps `path`. Throws `InputError` when it cannot be opened or is not a regular file.
    public init(_ path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw InputError(path, expected: "a readable file", found: String(cString: strerror(errno)))
        }
        do {
            bytes = try Self.map(descriptor, path)
        } catch {
            close(descriptor)
            throw error
        }
        self.descriptor = descriptor
    }

    private static func map(_ descriptor: Int32, _ path: String) throws -> UnsafeRawBufferPointer {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw InputError(path, expected: "a regular file", found: "a folder or a device")
        }
        let size = Int(status.st_size)
        guard size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else {
            throw InputError(
                path, expected: "to map \(size) bytes", found: String(cString: strerror(errno)), kind: .temporary)
        }
        return UnsafeRawBufferPointer(start: address, count: size)
    }

    /// Reads the bytes from `offset` on without making their pages part of this process. That costs no memory, and is
    /// faster than reading through a mapping. Throws `InputError` where the file has become shorter or cannot be read.
    public func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, offset + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw InputError(
                    path, expected: "\(buffer.count) bytes from byte \(offset) on",
                    found: count == 0 ? "its end after \(done)" : String(cString: strerror(errno)), kind: .temporary)
            }
            done += count
        }
    }

    /// Calls `body` with the bytes of `range`, which lies in the file, piece by piece and in order. `body` returns false to
    /// end early. Throws what `read` throws.
    public func forEachPiece(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Bool) throws {
        try withUnsafeTemporaryAllocation(byteCount: min(range.count, Self.pieceBytes), alignment: 64) { buffer in
            for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceBytes) {
                let count = min(range.upperBound - first, Self.pieceBytes)
                let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                try read(from: first, into: piece)
                guard try body(UnsafeRawBufferPointer(piece)) else { return }
            }
        }
    }

    /// A piece stays in a core's cache until it has been used.
    private static let pieceBytes = 64 << 10

    /// The kernel reads this much at a time, however much it is asked for: its usual read-ahead.
    private static let readAheadBytes = 128 << 10

    /// Has the kernel bring a range into the page cache, cut to the file, because it will be read soon. Where the kernel
    /// cannot, nothing happens.
    public func readAhead(_ range: Range<Int>) {
        let range = range.clamped(to: 0..<bytes.count)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.readAheadBytes) {
            posix_fadvise(descriptor, first, min(Self.readAheadBytes, range.upperBound - first), POSIX_FADV_WILLNEED)
        }
    }

    deinit {
        close(descriptor)
        guard let start = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
}
