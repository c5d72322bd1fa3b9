import Glibc
import Inputs

/// A file of keys, read whole. Not mapped: a list of keys may be rewritten at any moment, and a mapping of a file that
/// gets shorter ends the process.
struct SmallFile {
    private static let byteLimit = 4 << 20
    private static let blanks = Array(" \t\r".utf8)

    let path: String
    let status: stat
    let bytes: [UInt8]

    /// Throws `InputError` of kind `configuration` for what cannot be read, is no regular file or is too large; of kind
    /// `temporary` where the system cannot read it now.
    init(_ path: String) throws {
        self.path = path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Self.failure(path, expected: "a regular file", found: "a folder or a device")
        }
        self.status = status
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Self.unreadable(path) }
            if count == 0 { break }
            bytes += buffer[..<count]
            guard bytes.count <= Self.byteLimit else {
                throw Self.failure(path, expected: "a file of keys", found: "one of more than \(Self.byteLimit) bytes")
            }
        }
        self.bytes = bytes
    }

    /// The lines that are neither empty nor comments, with their numbers from 1 and split at blanks. A line that begins
    /// with '#' is a comment; elsewhere it may be a part of a key.
    var lines: [(number: Int, words: [String])] {
        // Bytes, not characters: to Swift a carriage return and a line feed are one.
        bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
            .compactMap { index, line in
                let words = line.split { Self.blanks.contains($0) }.map { String(decoding: $0, as: UTF8.self) }
                return words.isEmpty || words[0].hasPrefix("#") ? nil : (index + 1, words)
            }
    }

    /// The error of a file that could not be opened or read, with the system's reason.
    private static func unreadable(_ path: String) -> InputError {
        let reason = errno
        let mayPass = [EMFILE, ENFILE, ENOMEM, EIO, EAGAIN, ENOBUFS, ESTALE, ETIMEDOUT].contains(reason)
        return InputError(
            path, expected: "a readable file", found: String(cString: strerror(reason)),
            kind: mayPass ? .temporary : .configuration)
    }

    private static func failure(_ path: String, expected: String, found: String) -> InputError {
        InputError(path, expected: expected, found: found, kind: .configuration)
    }
}
