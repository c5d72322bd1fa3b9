/// A path as it stands in a job file, and where it leads from that file's folder.
public struct JobPath: Sendable, Hashable, Codable {
    /// The longest path that Linux takes, in bytes.
    public static let longest = 4096

    public var written: String
    /// Absolute.
    public var resolved: String

    /// Makes a path.
    public init(written: String, resolved: String) {
        self.written = written
        self.resolved = resolved
    }
}
