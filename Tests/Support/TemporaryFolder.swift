import Foundation

/// An empty folder that goes away with the object.
public final class TemporaryFolder: Sendable {
    /// Absolute, without a slash at its end.
    public let path: String

    /// Makes the folder.
    public init() throws {
        path = FileManager.default.temporaryDirectory.path + "/actdiff-test-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file and returns its path.
    @discardableResult public func write(_ name: String, _ data: Data) throws -> String {
        let file = "\(path)/\(name)"
        try data.write(to: URL(fileURLWithPath: file))
        return file
    }

    /// Makes a FIFO, which nobody writes to, and returns its path.
    @discardableResult public func makeFIFO(_ name: String) throws -> String {
        let file = "\(path)/\(name)"
        guard mkfifo(file, 0o600) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        return file
    }

    /// Makes a link and returns its path; `target` may be relative to the link's folder.
    @discardableResult public func link(_ name: String, to target: String) throws -> String {
        let file = "\(path)/\(name)"
        try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: target)
        return file
    }

    /// Makes folders and returns the path of the last.
    @discardableResult public func makeFolder(_ name: String) throws -> String {
        let folder = "\(path)/\(name)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    /// Writes a text file and returns its path.
    @discardableResult public func write(_ name: String, _ text: String) throws -> String {
        try write(name, Data(text.utf8))
    }
}
