import Inputs
import Work

/// A place in the model that a job file names, and the dictionary to encode with there.
public struct HookSpec: Sendable, Hashable, Codable {
    /// The key that names the dictionary.
    public enum Form: String, Sendable, Hashable, Codable, CaseIterable {
        /// Latents that fire or do not.
        case sae
        /// Named vectors, whose activation is a signed projection.
        case directions

        /// What the dictionary's latents do.
        public var rule: ActivationRule { self == .sae ? .sparse : .linear }
    }

    public var point: HookPoint
    /// What tells it from other hooks at the same place; nil for an SAE without a name in the job file.
    public var name: String?
    public var form: Form
    public var dictionary: JobPath

    /// How files and tables name it.
    public var label: String { point.label(name) }

    private static let longestName = 50
    private static let mostLayers = 100_000

    /// Makes one.
    public init(point: HookPoint, name: String? = nil, form: Form, dictionary: JobPath) {
        (self.point, self.name, self.form, self.dictionary) = (point, name, form, dictionary)
    }

    /// Reads an entry of `hooks`, which may have `others` as keys besides; relative paths start at `folder`. Throws
    /// `InputError`.
    public init(_ entry: Document, from folder: String, others: Set<String> = []) throws {
        try entry.refuseKeys(outside: others.union(["layer", "site", "name", "sae", "directions"]))
        let site: HookPoint.Site = try entry.optional("site")?.choice() ?? .residPost
        let layer = try entry.required("layer").whole(in: 0...Self.mostLayers)
        let place: Document
        switch (try entry.optional("sae"), try entry.optional("directions")) {
        case (let sae?, nil): (form, place) = (.sae, sae)
        case (nil, let directions?): (form, place) = (.directions, directions)
        case (nil, nil): throw InputError(entry.place, expected: "one of the keys sae and directions", found: "neither")
        default: throw InputError(entry.place, expected: "one of the keys sae and directions", found: "both")
        }
        // So that an SAE and directions at one place need no names.
        let usual: String? = form == .directions ? Form.directions.rawValue : nil
        name = try entry.optional("name").map(Self.name) ?? usual
        point = HookPoint(layer: layer, site: site)
        dictionary = try place.path(from: folder)
    }

    /// The name of a hook has no dots, so that the parts of a result's file names can be told apart.
    private static func name(_ value: Document) throws -> String {
        let text = try value.jobName()
        guard !text.contains("."), text.utf8.count <= longestName else {
            throw value.error(
                expected: "1 to \(longestName) of the characters A-Z a-z 0-9 _ -",
                hint: "the name becomes part of file names")
        }
        return text
    }
}

extension Document {
    /// Refuses a list in which two entries have one name. `names` are those of the entries.
    public func refuseTwins(_ names: [String], _ expected: String, hint: String = "") throws {
        var seen: Set<String> = []
        for (entry, name) in zip(try list(), names) where !seen.insert(name).inserted {
            throw InputError(entry.place, expected: expected, found: "\(name) for the second time", hint: hint)
        }
    }
}
