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

    /// Reads the bytes from `offset` on without making their pages part of this process: for a few bytes here and there,
    /// around which the mapping would bring whole pages. Throws `InputError` where the file has become shorter or cannot be
    /// read.
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

    /// What the kernel is told about a range of the file.
    public enum Advice: Sendable {
        /// It will be read soon: bring it into the page cache, without making it part of this process.
        case readAhead
        /// It is done with: take it out of this process's memory. Whoever reads it again gets the same bytes from the
        /// file, so that other threads may read it meanwhile.
        case giveBack
    }

    /// The kernel takes this much at a time, whatever it is asked for: its usual read-ahead.
    private static let readAheadBytes = 128 << 10
    private static let pageSize = sysconf(Int32(_SC_PAGESIZE))
    /// As much as this around a byte that is read may become part of the process at once: a huge page, aligned in the file.
    private static let mostBytesAround = 2 << 20

    /// Advises the kernel about whole pages around `range`, cut to the file. It changes no byte that anybody reads; where
    /// the kernel cannot follow, nothing happens.
    public func advise(_ advice: Advice, _ range: Range<Int>) {
        guard let start = bytes.baseAddress, !range.isEmpty else { return }
        // What came with the range goes with it.
        let step = advice == .giveBack ? Self.mostBytesAround : Self.pageSize
        let last = min((range.upperBound + step - 1) / step * step, bytes.count)
        let first = min(range.lowerBound / step * step, last)
        let pages = UnsafeMutableRawPointer(mutating: start) + first
        let count = last - first
        switch advice {
        case .readAhead:
            for offset in stride(from: 0, to: count, by: Self.readAheadBytes) {
                madvise(pages + offset, min(Self.readAheadBytes, count - offset), MADV_WILLNEED)
            }
        // Drops pages of a private mapping, which are all as in the file: nothing ever writes to them.
        case .giveBack: madvise(pages, count, MADV_DONTNEED)
        }
    }

    /// Calls `body` with the bytes of `range` piece by piece, in order, and gives each piece back to the kernel: the file
    /// never takes up more of this process's memory than one piece. `body` returns false to end early.
    public func forEachPiece(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Bool) {
        for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.pieceBytes) {
            let piece = first..<min(first + Self.pieceBytes, range.upperBound)
            let goesOn = body(UnsafeRawBufferPointer(rebasing: bytes[piece]))
            advise(.giveBack, piece)
            guard goesOn else { return }
        }
    }

    private static let pieceBytes = 8 << 20

    deinit {
        close(descriptor)
        guard let start = bytes.baseAddress else { return }
        munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    }
}
