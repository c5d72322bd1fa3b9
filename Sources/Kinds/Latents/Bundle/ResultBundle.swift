import Foundation
import Inputs
import Prompts
import Work

/// A result folder: `manifest.json`, and for each tuned checkpoint, hook and mask `latents.<…>.safetensors` with all
/// columns, `top.<…>.csv` and `top.<…>.json` with both ends of the ranking. `PromptRecords` are beside them. Nothing needs
/// actdiff to be read.
public struct ResultBundle: Sendable {
    /// One tuned checkpoint at one hook under one mask.
    public struct Entry: Sendable, Hashable {
        public var tuned: String
        /// As the hook labels itself, such as `resid_post.15`.
        public var hook: String
        public var mask: TokenMask
        public var control: Bool
        public var latents: Int
        public var prompts: Int
        /// Masked tokens.
        public var tokens: Int
        public var fired: Int
        public var splitHalf: SplitHalf
        /// Digest of the hook's dictionary.
        public var dictionary: Digest
        /// Names of the latents; nil where they have none.
        public var names: [String]?
        fileprivate var columnsDigest: Digest

        fileprivate static func columnsFile(_ name: String) -> String { "latents.\(name).safetensors" }
        fileprivate var columnsFile: String { Self.columnsFile(fileName) }
        /// The name that its files share: `<tuned>.<hook>.<mask>`.
        var fileName: String { "\(tuned).\(hook).\(mask.rawValue)" }
    }

    /// The name of a bundle's manifest.
    public static let manifestFile = Manifest.file
    /// The manifest's `format`.
    public static let format = Manifest.format

    public let folder: String
    public let manifest: Document
    /// What the job ranked by.
    public let rankBy: RankKey
    /// In the order tuned, hook, mask of the job.
    public let entries: [Entry]
    /// What the result lacks; nil for a complete one.
    public let partial: PartialResult?

    /// Writes a bundle to `folder`, which must not exist yet: it appears complete or not at all. `results` brings the results
    /// one after another and gives each to what it is called with; `prompts` has what is told of single prompts. The bytes depend
    /// on the arguments alone. Throws `InputError` naming the path.
    static func write(
        to folder: String, spec: JobSpec, task: DiffTask, provenance: Provenance,
        prompts: PromptRecordsDraft.Content? = nil,
        results: (_ add: (LatentDiff) throws -> Void) throws -> Void
    ) throws {
        let draft = try NewFolder(folder)
        var manifest = Manifest(spec: spec, task: task, provenance: provenance)
        var records = prompts.map { PromptRecordsDraft($0, in: draft) }
        try results { diff in
            var digests: [String: Digest] = [:]
            for (name, data) in try files(of: diff, rank: spec.rank, provenance) {
                try draft.write(data, to: name)
                digests[name] = data.withUnsafeBytes { Digest(of: $0) }
            }
            manifest.add(diff, files: digests)
            try records?.add(diff)
        }
        let text = try CanonicalJSON.text(manifest.value)
        try draft.write(Data(text.utf8), to: Manifest.file)
        try records?.finish(manifest: Digest(of: text))
        try draft.publish()
    }

    private static func files(
        of diff: LatentDiff, rank: JobSpec.Rank, _ provenance: Provenance
    ) throws -> [(name: String, data: Data)] {
        var facts: [String: Document.Value] = [
            "tuned": .string(diff.tuned), "hook": .string(diff.hook), "mask": .string(diff.mask.rawValue),
            "prompts": .integer(diff.prompts), "tokens": .integer(diff.tokens),
        ]
        var metadata = [
            "format": Manifest.format, "tuned": diff.tuned, "hook": diff.hook,
            "mask": diff.mask.rawValue, "prompts": "\(diff.prompts)", "tokens": "\(diff.tokens)",
        ]
        if let partial = provenance.partial {
            // A file may be read without its manifest.
            facts["partial"] = .string("\(partial)")
            metadata["partial"] = "\(partial)"
        }
        let ranking = try Ranking(
            diff.columns, by: rank.by.column, top: rank.top, bottom: rank.top,
            latentNames: provenance.latentNames[diff.hook])
        let columns = try ColumnFile.bytes(diff.columns, metadata: metadata)
        let json = try CanonicalJSON.text(.object(facts.merging(ranking.json) { fact, _ in fact }))
        return [
            (Entry.columnsFile(diff.fileName), columns),
            ("top.\(diff.fileName).csv", Data(ranking.csv.utf8)),
            ("top.\(diff.fileName).json", Data(json.utf8)),
        ]
    }

    /// Opens a bundle. Throws `InputError` for a folder without a manifest of this format.
    public init(folder: String) throws {
        let manifest = try Document(jsonFile: folder + "/" + Manifest.file)
        let format = try manifest.required("format")
        guard try format.string() == Manifest.format else { throw format.error(expected: "\"\(Manifest.format)\"") }
        let version = try manifest.required("format_version")
        guard try version.integer() == Manifest.version else {
            throw version.error(
                expected: "\(Manifest.version)", hint: "the bundle was written by another version of actdiff")
        }
        let by = try manifest.required("job").required("rank").required("by")
        guard let rankBy = RankKey(rawValue: try by.string()) else {
            throw by.error(expected: "one of \(RankKey.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.folder = folder
        self.manifest = manifest
        self.rankBy = rankBy
        let dictionaries = try Self.dictionaries(manifest)
        entries = try manifest.required("results").list().map { try Self.entry($0, dictionaries) }
        partial = try PartialResult(manifest: manifest)
    }

    /// By hook the digest of its dictionary, and the names of its latents, where they have some.
    private static func dictionaries(_ manifest: Document) throws -> [String: (digest: Digest, names: [String]?)] {
        let inputs = try manifest.required("inputs")
        var found: [String: (digest: Digest, names: [String]?)] = [:]
        if let saes = try inputs.optional("sae") {
            for hook in try saes.object().keys { found[hook] = (try digest(saes.required(hook)), nil) }
        }
        if let directions = try inputs.optional("directions") {
            for hook in try directions.object().keys {
                let entry = try directions.required(hook)
                found[hook] = (
                    try digest(entry.required("digest")), try entry.required("names").list().map { try $0.string() }
                )
            }
        }
        return found
    }

    private static func digest(_ value: Document) throws -> Digest {
        guard let digest = Digest(hex: try value.string()) else {
            throw value.error(expected: "64 hexadecimal digits")
        }
        return digest
    }

    private static func entry(
        _ value: Document, _ dictionaries: [String: (digest: Digest, names: [String]?)]
    ) throws -> Entry {
        let mask = try value.required("mask")
        guard let known = TokenMask(rawValue: try mask.string()) else { throw mask.error(expected: "a mask") }
        let (tuned, hook) = (try value.required("tuned"), try value.required("hook"))
        for name in [tuned, hook] where try name.string().contains("/") {
            throw name.error(expected: "a name without /")
        }
        let file = Entry.columnsFile("\(try tuned.string()).\(try hook.string()).\(known.rawValue)")
        guard let dictionary = try dictionaries[hook.string()] else {
            throw hook.error(expected: "a hook whose dictionary is among the inputs")
        }
        let latents = try value.required("latents").integer(atLeast: 1)
        let names = dictionary.names
        guard names.map({ $0.count == latents }) ?? true else {
            throw InputError(
                value.place, expected: "\(latents) names in inputs.directions", found: "\(names?.count ?? 0)",
                hint: "the manifest was changed after the job")
        }
        return Entry(
            tuned: try tuned.string(), hook: try hook.string(), mask: known,
            control: try value.required("control").bool(),
            latents: latents,
            prompts: try value.required("prompts").integer(atLeast: 1),
            tokens: try value.required("tokens").integer(atLeast: 1),
            fired: try value.required("fired").integer(atLeast: 0),
            splitHalf: try SplitHalf(manifest: value.required("split_half")), dictionary: dictionary.digest,
            names: names, columnsDigest: try digest(value.required("files").required(file)))
    }

    /// All columns of a result. Throws `InputError` when the file is not the one that the manifest describes.
    public func columns(of entry: Entry) throws -> LatentColumns {
        let file = folder + "/" + entry.columnsFile
        let data = try InputFile(file).contents()
        let digest = data.withUnsafeBytes { Digest(of: $0) }
        guard digest == entry.columnsDigest else {
            throw InputError(
                file, expected: "SHA-256 \(entry.columnsDigest), as the manifest says", found: "\(digest)",
                hint: "the file was changed after the job")
        }
        let columns = try ColumnFile.columns(data, file: file)
        guard columns.latents == entry.latents else {
            throw InputError(file, expected: "\(entry.latents) latents", found: "\(columns.latents)")
        }
        return columns
    }
}
