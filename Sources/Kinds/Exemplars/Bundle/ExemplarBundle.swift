import Evaluation
import Foundation
import Inputs
import Work

/// A bundle of the kind `exemplars`: `manifest.json`, and for each hook a file with a line for each latent.
public struct ExemplarBundle: Sendable {
    static let manifestFile = "manifest.json"
    /// The manifest's `format`.
    public static let format = "actdiff-exemplars"
    static let version = 1
    /// What stands for all models together where numbers are given by model.
    public static let anyModel = "any"

    static func file(of hook: String) -> String { "exemplars.\(hook).jsonl" }

    /// A hook and its latents.
    public struct Hook: Sendable, Hashable {
        public var label: String
        public var rule: ActivationRule
        /// Ascending.
        public var latents: [Int]
        /// Digest of the dictionary.
        public var dictionary: Digest
        /// Tokens that counted, and those left out for their norm.
        public var tokens: Int
        public var longTokens: Int
        var digest: Digest
    }

    public let folder: String
    public let manifest: Document
    /// Base and tuned checkpoints.
    public let models: [String]
    public let hooks: [Hook]
    /// What the bundle lacks; nil for a complete one.
    public let partial: PartialResult?

    /// Opens a bundle. Throws `InputError` for a folder without a manifest of this format.
    public init(folder: String) throws {
        let manifest = try Document(jsonFile: folder + "/" + Self.manifestFile)
        let format = try manifest.required("format")
        guard try format.string() == Self.format else { throw format.error(expected: "\"\(Self.format)\"") }
        let version = try manifest.required("format_version")
        guard try version.integer() == Self.version else {
            throw version.error(
                expected: "\(Self.version)", hint: "the bundle was written by another version of actdiff")
        }
        self.folder = folder
        self.manifest = manifest
        models = try manifest.required("models").list().map { try $0.string() }
        let dictionaries = try manifest.required("inputs").required("dictionaries")
        hooks = try manifest.required("hooks").list().map { try Self.hook($0, dictionaries) }
        partial = try PartialResult(manifest: manifest)
    }

    private static func hook(_ entry: Document, _ dictionaries: Document) throws -> Hook {
        let label = try entry.required("hook")
        guard try !label.string().contains("/") else { throw label.error(expected: "a name without /") }
        let rule = try entry.required("rule")
        guard let known = ActivationRule(rawValue: try rule.string()) else { throw rule.error(expected: "a rule") }
        return Hook(
            label: try label.string(), rule: known,
            latents: try entry.required("latents").list().map { try $0.integer(atLeast: 0) },
            dictionary: try digest(dictionaries.required(label.string())),
            tokens: try entry.required("tokens").integer(atLeast: 0),
            longTokens: try entry.required("tokens_beyond_max_norm").integer(atLeast: 0),
            digest: try digest(entry.required("digest")))
    }

    private static func digest(_ value: Document) throws -> Digest {
        guard let digest = Digest(hex: try value.string()) else {
            throw value.error(expected: "64 hexadecimal digits")
        }
        return digest
    }

    /// Everything about the latents `wanted` of a hook, in the file's order; nil for all of them. Throws `InputError` when the
    /// file is not the one that the manifest describes.
    public func latents(of hook: Hook, wanted: Set<Int>? = nil) throws -> [LatentPage] {
        let path = folder + "/" + Self.file(of: hook.label)
        let data = try InputFile(path).contents()
        let digest = data.withUnsafeBytes { Digest(of: $0) }
        guard digest == hook.digest else {
            throw InputError(
                path, expected: "SHA-256 \(hook.digest), as the manifest says", found: "\(digest)",
                hint: "the file was changed after the job")
        }
        let lines = data.split(separator: UInt8(ascii: "\n"))
        guard lines.count == hook.latents.count else {
            throw InputError(path, expected: "\(hook.latents.count) lines", found: "\(lines.count)")
        }
        return try zip(hook.latents, lines).enumerated().compactMap { index, entry in
            let (latent, line) = entry
            guard wanted?.contains(latent) ?? true else { return nil }
            return try LatentPage(
                Document(json: Data(line), file: path, line: index + 1), latent: latent, models: models,
                among: hook.latents)
        }
    }
}
