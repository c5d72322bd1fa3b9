import Inputs

/// What one group of prompts did to a latent less what another one did.
public struct Contrast: Sendable, Hashable, Codable {
    /// Of its columns; safe as part of a file name, and no group's.
    public var name: String
    /// The group whose differences count as they are.
    public var plus: String
    /// The group whose differences are taken away.
    public var minus: String

    /// As it stands in a job file.
    var expression: String { "\(plus) - \(minus)" }

    /// The most of a job: each takes as much memory as a group, and more where prompts are pairs.
    private static let most = 64

    /// Reads the key `contrasts`: a list of expressions `GROUP - GROUP`, named `GROUP-GROUP`, or a mapping from names to them.
    static func list(_ entry: Document) throws -> [Contrast] {
        var contrasts: [Contrast] = []
        if case .object(let members) = entry.value {
            guard !members.isEmpty else { throw entry.error(expected: "a mapping with at least one entry") }
            for name in members.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
                let value = try entry.required(name)
                contrasts.append(try Contrast(value, name: name))
            }
        } else {
            contrasts = try entry.some(atMost: most).map { try Contrast($0, name: nil) }
        }
        guard contrasts.count <= most else {
            throw InputError(entry.place, expected: "at most \(most) contrasts", found: "\(contrasts.count)")
        }
        var seen: Set<String> = []
        for contrast in contrasts where !seen.insert(contrast.name).inserted {
            throw InputError(
                entry.place, expected: "a name for each contrast", found: "\(contrast.name) for the second time")
        }
        return contrasts
    }

    private init(_ entry: Document, name: String?) throws {
        // Names of groups may have a hyphen, but no space.
        let parts = try entry.string().split(separator: " ").map(String.init)
        guard parts.count == 3, parts[1] == "-", parts[0] != parts[2],
            SafeName.isSafe(parts[0]), SafeName.isSafe(parts[2])
        else {
            throw entry.error(expected: "two groups and a minus between spaces, such as 'with_trigger - plain'")
        }
        let chosen = name ?? "\(parts[0])-\(parts[2])"
        guard SafeName.isSafe(chosen) else {
            throw InputError(
                entry.place, expected: "a name of \(SafeName.words)", found: "'\(chosen)'",
                hint: name == nil ? "give the contrast a name: contrasts: {NAME: GROUP - GROUP}" : "")
        }
        self.init(name: chosen, plus: parts[0], minus: parts[2])
    }

    private init(name: String, plus: String, minus: String) {
        (self.name, self.plus, self.minus) = (name, plus, minus)
    }

    /// Throws `InputError` where it names a group that prompts do not have, or has a group's name.
    func check(groups: [String], place: String) throws {
        for group in [plus, minus] where !groups.contains(group) {
            throw InputError(
                "\(place): contrast \(name)",
                expected: groups.isEmpty
                    ? "prompts with groups" : "one of the groups \(groups.joined(separator: ", "))",
                found: "'\(group)'", hint: Suggestion.hint(for: group, among: groups))
        }
        if groups.contains(name) {
            throw InputError(
                "\(place): contrast \(name)", expected: "a name that no group has", found: "a group's",
                hint: "the name stands before its columns' names, as a group's does")
        }
    }
}
