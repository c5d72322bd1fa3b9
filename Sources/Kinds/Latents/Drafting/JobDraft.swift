import Dictionaries
import Evaluation
import Foundation
import Inputs
import Models
import Work

/// A commented job file made of what was found in a folder. What fits is a line; what does not, or could stand in its place, is
/// a comment that says why. Where nothing was found a comment says what belongs there, and the file is refused until it is.
public struct JobDraft: Sendable {
    /// The job file's text.
    public let text: String
    /// What is still to be filled in; empty for a file that can be run.
    public let lacks: [String]

    /// Chooses the first model as the base; all adapters that fit it are tuned checkpoints.
    public init(_ found: FoundInputs) {
        let base = found.models.lazy.compactMap { path in
            (try? Checkpoint(found.absolute(path))).map { (path: path, checkpoint: $0) }
        }.first
        let parts = [
            Self.name(found), Self.base(found, base?.path), Self.tuned(found, base?.path, base?.checkpoint),
            Self.prompts(found), Self.hooks(found, base?.checkpoint),
        ]
        text = ([Self.head] + parts.map(\.text) + [Self.tail]).joined(separator: "\n\n") + "\n"
        lacks = parts.compactMap(\.lack)
    }

    /// A key of the job file.
    private struct Part {
        let text: String
        var lack: String?

        /// Lines under a comment; what is lacking where none of them is more than a comment.
        init(_ comment: String, _ key: String, _ lines: [String], lack: String) {
            let isThere = lines.contains { !$0.hasPrefix("#") }
            let missing = isThere ? [] : ["# None was found: \(lack)."]
            text = (["# \(comment)", key] + missing + lines).joined(separator: "\n")
            self.lack = isThere ? nil : lack
        }

        init(_ text: String) { self.text = text }
    }

    private static let head = """
        # A job for actdiff, made of what was found here. What stands behind a # was found, too, or is a default.
        # configs/job.yaml in actdiff's sources explains every key.
        """
    private static let tail = """
        # Which tokens count; each mask has results of its own.
        # masks: [all, content, last]
        """

    private static func name(_ found: FoundInputs) -> Part {
        Part("name: \(safe(URL(fileURLWithPath: found.folder).lastPathComponent, or: "job"))")
    }

    private static func base(_ found: FoundInputs, _ chosen: String?) -> Part {
        let others = found.models.filter { $0 != chosen }.map { "# base: \(quoted($0))" }
        guard let chosen else {
            return Part(
                "The checkpoint before fine-tuning.", "base:", others,
                lack: "base, a Hugging Face folder or a .gguf file that actdiff can read")
        }
        return Part(
            (["# The checkpoint before fine-tuning.", "base: \(quoted(chosen))"] + others).joined(separator: "\n"))
    }

    private static func tuned(_ found: FoundInputs, _ base: String?, _ checkpoint: Checkpoint?) -> Part {
        let models = found.models.filter { $0 != base }
        let names = names(of: found.adapters + models)
        func entry(_ key: String, _ path: String) -> String {
            "- {name: \(names[path] ?? "tuned"), \(key): \(quoted(path))}"
        }
        let adapters = found.adapters.map { path in
            guard let checkpoint else { return "  \(entry("adapter", path))" }
            do {
                _ = try LoRAAdapter(found.absolute(path), for: checkpoint.architecture)
                return "  \(entry("adapter", path))"
            } catch {
                return "# \(entry("adapter", path))   # does not fit: \(Printable.line("\(error)"))"
            }
        }
        return Part(
            "The checkpoints after fine-tuning; control: true for one that was fine-tuned harmlessly.", "tuned:",
            adapters + models.map { "# \(entry("checkpoint", $0))" },
            lack: "tuned, a PEFT adapter folder or a second model")
    }

    private static func prompts(_ found: FoundInputs) -> Part {
        // Any text is a prompt a line; what says that it is prompts comes first.
        let order = ["jsonl", "yaml", "txt"]
        let sorted = found.prompts.sorted { one, other in
            let places = [one, other].map { order.firstIndex(of: URL(fileURLWithPath: $0.path).pathExtension) ?? 3 }
            return (places[0], one.path) < (places[1], other.path)
        }
        let lines = sorted.enumerated().map { index, set in
            "\(index == 0 ? " " : "#") path: \(quoted(set.path))   # \(set.count) prompts"
        }
        return Part(
            "What base and tuned checkpoints read.", "prompts:", lines, lack: "prompts, a .jsonl, .yaml or .txt file")
    }

    private static func hooks(_ found: FoundInputs, _ base: Checkpoint?) -> Part {
        var places: Set<HookPoint> = []
        let lines = found.dictionaries.map { dictionary in
            let isDirections = dictionary.contents.rule == .linear
            let key = isDirections ? "directions" : "sae"
            let size = "\(dictionary.contents.latentCount) \(isDirections ? "vectors" : "latents")"
            func entry(_ place: String, _ more: String = "") -> String {
                "- {\(place), \(key): \(quoted(dictionary.path))\(more)}   # \(size)"
            }
            guard let point = point(of: dictionary.contents, base) else {
                return "# \(entry("layer: 0")); its files do not say for which layer"
            }
            let place = "layer: \(point.layer), site: \(point.site.rawValue)"
            if let base {
                do {
                    try DictionaryFit.check(dictionary.contents, point: point, model: base.architecture)
                } catch {
                    return "# \(entry(place)); does not fit: \(Printable.line("\(error)"))"
                }
            }
            let isFirst = places.insert(point).inserted
            let name = safe(dictionary.path.replacing(".", with: "-"), or: "other").prefix(50)
            return "  \(entry(place, isFirst || isDirections ? "" : ", name: \(name)"))"
        }
        return Part(
            "Where to read the residual stream, and the dictionary to encode it with.", "hooks:", lines,
            lack: "hooks, an SAE for a layer of the base, or a file of directions with its layer")
    }

    /// The place that a dictionary was made for, as its files have it.
    private static func point(of dictionary: LatentDictionary, _ base: Checkpoint?) -> HookPoint? {
        let layers = base?.architecture.layerCount ?? 1000
        return (0..<layers).lazy.flatMap { layer in HookPoint.Site.allCases.map { HookPoint(layer: layer, site: $0) } }
            .first { $0.transformerLensName == dictionary.input.hookName }
    }

    /// Names for what is at paths: their last parts, as many as it takes to tell all of them apart.
    private static func names(of paths: [String]) -> [String: String] {
        let parts = paths.map { ($0.hasSuffix(".gguf") ? String($0.dropLast(5)) : $0).split(separator: "/") }
        for count in 1...max(1, parts.map(\.count).max() ?? 1) {
            let names = parts.map { safe($0.suffix(count).joined(separator: "-"), or: "tuned") }
            if Set(names).count == names.count { return Dictionary(uniqueKeysWithValues: zip(paths, names)) }
        }
        return Dictionary(uniqueKeysWithValues: paths.enumerated().map { ($0.element, "tuned-\($0.offset + 1)") })
    }

    /// The text with what no name may have replaced.
    private static func safe(_ text: String, or other: String) -> String {
        let name = String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
            .drop { $0 == "." || $0 == "-" }.prefix(100)
        return name.isEmpty ? other : String(name)
    }

    /// A path as a value of YAML: in JSON's quotes unless it is plain.
    private static func quoted(_ path: String) -> String {
        let isPlain = path.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-/".contains($0)) }
        guard !isPlain || !(path.first?.isLetter ?? false) else { return path }
        return (try? CanonicalJSON.text(.string(path)).dropLast()).map(String.init) ?? path
    }
}
