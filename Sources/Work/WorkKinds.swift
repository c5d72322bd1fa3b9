import Inputs

/// The kinds of work that this program knows.
public struct WorkKinds: Sendable {
    private let kinds: [String: any WorkKind]

    /// Lists the kinds; the last of two with one name counts.
    public init(_ kinds: [any WorkKind]) {
        self.kinds = Dictionary(kinds.map { ($0.name, $0) }) { $1 }
    }

    /// What a job file without `kind:` is.
    public static let usual = "latents"

    /// The kind of that name. Throws `InputError` for one that is not known.
    public func kind(_ name: String, place: String) throws -> any WorkKind {
        guard let kind = kinds[name] else {
            throw InputError(
                place, expected: "one of the kinds of work \(kinds.keys.sorted().joined(separator: ", "))", found: name)
        }
        return kind
    }

    /// The kind that a job file asks for.
    public func kind(of source: JobSource) throws -> any WorkKind {
        let root = try Document(yaml: source.specText, file: source.specFile)
        guard let named = try root.optional("kind") else {
            return try kind(Self.usual, place: source.specFile)
        }
        return try kind(named.string(), place: named.place)
    }
}
