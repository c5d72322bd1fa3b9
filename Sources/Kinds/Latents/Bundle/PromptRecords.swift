import Foundation
import Inputs
import Prompts

/// What a bundle tells of single prompts: which they are, and how much each moved the latents at both ends of a ranking and
/// those that the job names. Nothing of it is believed before its digest is right.
public struct PromptRecords: Sendable {
    static let file = "prompts.json"
    static let format = "actdiff-prompts"
    static let version = 1
    static let numbersFile = "prompts.safetensors"

    /// The file of a result; `name` is what its files share.
    static func file(of name: String) -> String { "prompts.\(name).safetensors" }

    /// The file of a result's statistics by group.
    static func groupsFile(of name: String) -> String { "groups.\(name).safetensors" }

    /// Ids are those of a job's prompts.
    private static let limits = JSONLimits(bytes: 1 << 30, values: 1 << 24)

    /// A prompt that counts.
    public struct Prompt: Sendable, Hashable {
        public var id: String
        /// Nil where prompts have none.
        public var group: String?
        /// Among all prompts of the job, from 0.
        public var position: Int
    }

    /// d(p, j) of one result: how much the mean activation of latent j over the masked tokens of prompt p rose.
    public struct Differences: Sendable, Hashable {
        /// Those that were kept, ascending.
        public let latents: [Int]
        private let prompts: Int
        private let values: [Double]

        fileprivate init(latents: [Int], prompts: Int, values: [Double]) {
            (self.latents, self.prompts, self.values) = (latents, prompts, values)
        }

        /// A latent's difference on each prompt that counts, in the job's order; nil where it was not kept.
        public subscript(latent: Int) -> ArraySlice<Double>? {
            guard let row = latents.firstIndex(of: latent) else { return nil }
            return values[row * prompts..<(row + 1) * prompts]
        }
    }

    /// The prompts that count, in the job's order.
    public let prompts: [Prompt]
    /// Names of the groups, ascending; none where prompts have none.
    public let groups: [String]
    private let folder: String
    private let root: Document
    private let digests: [String: Digest]

    /// Opens what a bundle has; nil for one of a release that wrote nothing of the kind. Throws `InputError` where it is not that
    /// of the bundle, or is damaged.
    public init?(of bundle: ResultBundle) throws {
        let path = bundle.folder + "/" + Self.file
        guard try Presence.isThere(path) else { return nil }
        root = try Document(
            json: Document.contents(of: path, atMost: Self.limits.bytes), file: path, limits: Self.limits)
        folder = bundle.folder
        let format = try root.required("format")
        guard try format.string() == Self.format else { throw format.error(expected: "\"\(Self.format)\"") }
        let version = try root.required("format_version")
        guard try version.integer() == Self.version else {
            throw version.error(
                expected: "\(Self.version)", hint: "the bundle was written by another version of actdiff")
        }
        digests = try Self.digests(root.required("files"))
        try Self.check(root.required("manifest"), of: bundle)
        let ids = try root.required("ids").list().map { try $0.string() }
        let numbers = try Self.arrays(Self.numbersFile, in: folder, digests)
        let positions = try Self.integers("position", of: numbers, count: ids.count, folder + "/" + Self.numbersFile)
        guard zip(positions, positions.dropFirst()).allSatisfy(<), positions.first ?? 0 >= 0 else {
            throw InputError(folder + "/" + Self.numbersFile, expected: "ascending positions", found: "others")
        }
        let groups = try root.optional("groups").map { try $0.list().map { try $0.string() } } ?? []
        let members =
            groups.isEmpty
            ? nil : try Self.integers("group", of: numbers, count: ids.count, folder + "/" + Self.numbersFile)
        guard members?.allSatisfy(groups.indices.contains) ?? true else {
            throw InputError(
                folder + "/" + Self.numbersFile, expected: "groups below \(groups.count)", found: "others")
        }
        self.groups = groups
        prompts = ids.indices.map { at in
            Prompt(id: ids[at], group: members.map { groups[$0[at]] }, position: positions[at])
        }
        for entry in bundle.entries where entry.prompts != ids.count {
            throw InputError(path, expected: "the ids of \(entry.prompts) prompts", found: "\(ids.count)")
        }
    }

    /// The differences of a result. Throws `InputError` when the file is not the one that the bundle was written with.
    public func differences(of entry: ResultBundle.Entry) throws -> Differences {
        let name = Self.file(of: entry.fileName)
        let file = folder + "/" + name
        let arrays = try Self.arrays(name, in: folder, digests)
        guard let found = arrays["latents"], found.shape.count == 1 else {
            throw InputError(file, expected: "a list 'latents'", found: "none")
        }
        let latents = try Self.integers("latents", of: arrays, count: found.shape[0], file)
        guard zip(latents, latents.dropFirst()).allSatisfy(<), (latents.first ?? 0) >= 0,
            (latents.last ?? 0) < entry.latents
        else {
            throw InputError(file, expected: "ascending latents below \(entry.latents)", found: "others")
        }
        guard let d = arrays["d"], d.shape == [latents.count, prompts.count], case .doubles(let values) = d.values,
            values.allSatisfy(\.isFinite)
        else {
            throw InputError(
                file, expected: "an array 'd' of \(latents.count) x \(prompts.count) finite numbers",
                found: arrays["d"].map { "one of shape \($0.shape)" } ?? "none")
        }
        return Differences(latents: latents, prompts: prompts.count, values: values)
    }

    /// A result's columns by group, `<group>/<column>`, and its contrasts, `<contrast>/<column>`; nil where prompts have no groups.
    /// Throws `InputError` when the file is not the one that the bundle was written with.
    public func groupColumns(of entry: ResultBundle.Entry) throws -> LatentColumns? {
        guard !groups.isEmpty else { return nil }
        let name = Self.groupsFile(of: entry.fileName)
        let columns = try ColumnFile.columns(Self.contents(name, in: folder, digests), file: folder + "/" + name)
        guard columns.latents == entry.latents else {
            throw InputError(
                folder + "/" + name, expected: "\(entry.latents) latents", found: "\(columns.latents)")
        }
        return columns
    }

    /// That prompts of the job say what others say, in words; nil where none does, as far as somebody looked. Throws `InputError`.
    public func duplicates() throws -> String? {
        guard let found = try root.optional("duplicates") else { return nil }
        let exact = try found.required("exact").integer(atLeast: 0)
        let near = try found.optional("near")?.integer(atLeast: 0)
        guard exact > 0 || (near ?? 0) > 0 else { return nil }
        let counts = [
            exact > 0 ? "\(exact) have the text of an earlier one" : nil,
            near.flatMap { $0 > 0 ? "\($0) nearly that of an earlier one" : nil },
        ]
        return "of the prompts " + counts.compactMap(\.self).joined(separator: ", ")
            + ": all are counted as if they were independent; \(Self.file) names "
            + (exact + (near ?? 0) > PromptDuplicates.mostPairs ? "the first \(PromptDuplicates.mostPairs)" : "them")
            + (near == nil ? "; there are too many prompts to look for near-duplicates" : "")
    }

    /// Why latents that the job would have kept are not among a result's; nil where all of them are.
    public func shortage(of entry: ResultBundle.Entry) throws -> String? {
        for result in try root.required("results").list() {
            let facts = try ["tuned", "hook", "mask"].map { try result.required($0).string() }
            guard facts == [entry.tuned, entry.hook, entry.mask.rawValue] else { continue }
            let count = try result.required("left_out").integer(atLeast: 0)
            return try count == 0 ? nil : "\(count) latents were left out: \(result.required("why").string())"
        }
        return nil
    }

    private static func digests(_ files: Document) throws -> [String: Digest] {
        var digests: [String: Digest] = [:]
        for name in try files.object().keys {
            let value = try files.required(name)
            guard let digest = Digest(hex: try value.string()) else {
                throw value.error(expected: "64 hexadecimal digits")
            }
            digests[name] = digest
        }
        return digests
    }

    private static func check(_ stated: Document, of bundle: ResultBundle) throws {
        let found = try Digest(of: InputFile(bundle.folder + "/" + Manifest.file))
        guard try stated.string() == found.description else {
            throw stated.error(
                expected: "\(found), the SHA-256 of the bundle's manifest", hint: "the two are not of one bundle")
        }
    }

    private static func arrays(_ name: String, in folder: String, _ digests: [String: Digest]) throws -> ArrayFile {
        try ArrayFile(contents(name, in: folder, digests), file: folder + "/" + name)
    }

    /// A file whose digest is right.
    private static func contents(_ name: String, in folder: String, _ digests: [String: Digest]) throws -> Data {
        let file = folder + "/" + name
        guard let digest = digests[name] else {
            throw InputError(folder + "/" + Self.file, expected: "a digest of \(name)", found: "none")
        }
        let data = try InputFile(file).contents()
        let found = data.withUnsafeBytes { Digest(of: $0) }
        guard found == digest else {
            throw InputError(
                file, expected: "SHA-256 \(digest), as \(Self.file) says", found: "\(found)",
                hint: "the file was changed after the job")
        }
        return data
    }

    private static func integers(_ name: String, of arrays: ArrayFile, count: Int, _ file: String) throws -> [Int] {
        guard let member = arrays[name], member.shape == [count], case .integers(let values) = member.values else {
            throw InputError(
                file, expected: "\(count) whole numbers '\(name)'",
                found: arrays[name].map { "an array of shape \($0.shape)" } ?? "none")
        }
        return values
    }
}
