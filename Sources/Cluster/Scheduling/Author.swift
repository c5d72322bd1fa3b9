import Wire

/// Whom a result comes from: whoever has the key that the worker came with. Without keys it is one life of a worker process.
/// Two results confirm each other only where their authors differ.
public struct Author: Sendable, Hashable {
    /// Unique to this author.
    public var id: String
    /// Its name for people, `host:process`.
    public var name: String

    /// Makes an author.
    public init(id: String, name: String) {
        self.id = id
        self.name = name
    }

    /// The author of what a worker computes: all workers with one key are one author, however many there are.
    init(_ instance: InstanceID, key: PublicKey?, name: String) {
        self.init(id: key.map { "key \($0)" } ?? instance.description, name: name)
    }

    /// The machine: verification goes to another one where there is one.
    var host: Substring { name.lastIndex(of: ":").map { name[..<$0] } ?? name[...] }

    public static func == (left: Author, right: Author) -> Bool { left.id == right.id }

    public func hash(into hasher: inout Hasher) { hasher.combine(id) }
}
