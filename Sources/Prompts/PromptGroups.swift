/// Which group each prompt is of, where a prompt set has groups.
public struct PromptGroups: Sendable, Hashable, Codable {
    /// The most groups of a prompt set: each takes as much memory as all prompts together.
    public static let most = 64

    /// Ascending.
    public let names: [String]
    /// For each prompt the place of its group among `names`.
    public let members: [Int]

    /// Takes a group for each prompt.
    public init(_ groups: [String]) {
        names = Set(groups).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let places = Dictionary(names.enumerated().map { ($1, $0) }) { first, _ in first }
        members = groups.map { places[$0] ?? 0 }
    }

    /// The places in the prompt set of a group's prompts, by their ids. A group has no id twice.
    public func places(of group: Int, ids: [String]) -> [String: Int] {
        let places = members.indices.filter { members[$0] == group }
        return Dictionary(places.map { (ids[$0], $0) }) { first, _ in first }
    }
}
