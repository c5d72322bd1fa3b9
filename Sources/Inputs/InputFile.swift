import CLinux
import Foundation

/// A file that is open for reading: the one place where files from outside are opened.
///
/// Nothing is ever mapped: a mapping of a file that is cut off while it is used ends the process by a signal. Bytes are read,
/// and where there are fewer than there were at the start, that is an `InputError`.
public final class InputFile: Sendable {
    /// Path as it was opened, for error messages.
    public let path: String
    /// Bytes that it had when it was opened.
    public let size: Int
    private let descriptor: Int32

    /// Opens `path`, links followed, without ever waiting for anybody.
    ///
    /// Throws `InputError` when it cannot be opened, when it is not a regular file, and when it is not below the roots of
    /// the `ModelRoots.confine` around the call.
    public convenience init(_ path: String) throws {
        try self.init(path, below: ModelRoots.inForce)
    }

    /// Opens a file of the program itself, wherever it is.
    public convenience init(own path: String) throws {
        try self.init(path, below: nil)
    }

    private init(_ path: String, below roots: ModelRoots?) throws {
        self.path = path
        (descriptor, size) = try FilePlace.visit(path, below: roots) { place in
            guard place.status.st_mode & S_IFMT == S_IFREG else {
                throw InputError(
                    path, expected: "a regular file", found: place.kind,
                    hint: place.isFolder ? "" : "pipes, such as <(…) and /dev/stdin, sockets and devices are not read")
            }
            let descriptor = open(place.again, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
            guard descriptor >= 0 else { throw FilePlace.failure(path, "a readable file") }
            return (descriptor, max(0, Int(Self.status(of: descriptor).st_size)))
        }
    }

    deinit { close(descriptor) }

    /// What the system tells of the file now. An open file can always be asked.
    var status: stat { Self.status(of: descriptor) }

    private static func status(of descriptor: Int32) -> stat {
        var status = stat()
        fstat(descriptor, &status)
        return status
    }

    /// Reads the bytes from `offset` on. Throws `InputError` where the file has become shorter or cannot be read.
    public func read(from offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        while done < buffer.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
            let count = pread(descriptor, rest.baseAddress, rest.count, offset + done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw InputError(
                    path, expected: "\(buffer.count) bytes from byte \(offset) on",
                    found: count == 0 ? "its end after \(done)" : String(cString: strerror(errno)),
                    hint: count == 0 ? "the file was cut off while it was read" : "", kind: .temporary)
            }
            done += count
        }
    }

    /// The bytes of `range`, which lies in the file. Throws what `read` throws.
    public func bytes(_ range: Range<Int>) throws -> [UInt8] {
        try [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            let room = UnsafeMutableRawBufferPointer(buffer)
            try read(from: range.lowerBound, into: UnsafeMutableRawBufferPointer(rebasing: room[..<range.count]))
            count = range.count
        }
    }

    /// The whole file. Throws what `read` throws.
    public func bytes() throws -> [UInt8] { try bytes(0..<size) }

    /// The whole file. Throws what `read` throws.
    public func contents() throws -> Data {
        var data = Data(count: size)
        try data.withUnsafeMutableBytes { try read(from: 0, into: $0) }
        return data
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
        let range = range.clamped(to: 0..<size)
        for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.readAheadBytes) {
            posix_fadvise(descriptor, first, min(Self.readAheadBytes, range.upperBound - first), POSIX_FADV_WILLNEED)
        }
    }

    /// Pages are written out this many bytes at a time.
    private static let writtenOutAtOnce = 256 << 20

    /// Has the kernel write out what programs have changed in the file's pages.
    ///
    /// While a page waits to be written, whoever has it mapped can change it again and again, and the file's times stand
    /// still. A page that was written out is write-protected: the next change of it goes through the kernel, which sets the
    /// times first (ext4, XFS, Btrfs), or sets them when that change is written out in turn (NFS, ZFS, FUSE).
    ///
    /// Returns false where neither can be relied on, such as for files in memory (tmpfs). `step` is called again and again,
    /// and may throw to give up.
    func writeOut(step: () throws -> Void) rethrows -> Bool {
        for first in stride(from: 0, to: size, by: Self.writtenOutAtOnce) {
            try step()
            guard clinux_write_out(descriptor, first, min(Self.writtenOutAtOnce, size - first)) == 0 else {
                return false
            }
        }
        return true
    }
}
