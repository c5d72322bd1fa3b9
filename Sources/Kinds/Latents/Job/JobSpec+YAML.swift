import Evaluation
import Foundation
import Inputs
import Prompts

extension JobSpec {
    /// The longest name that leaves room for the rest of a result's file names.
    private static let longestName = 100
    private static let longestHookName = 50
    /// A token's masks are the bits of one byte.
    private static let mostMasks = 8
    /// A larger count is taken for a typing error.
    private static let mostTokens = 1 << 30
    /// A shard travels in one message.
    private static let mostShardTokens = 1 << 18
    private static let mostPermutations = 1_000_000
    private static let mostLayers = 100_000

    /// Reads a job file; its relative paths start at the file's folder. Throws `InputError`.
    public init(yamlFile path: String) throws {
        let text = try PromptSet.text(Document.contents(of: path), file: path)
        let folder = (path as NSString).deletingLastPathComponent
        try self.init(yaml: text, file: path, relativeTo: folder)
    }

    /// Parses a job file's text; `file` is its name in error messages, `folder` where its relative paths start.
    public init(yaml text: String, file: String, relativeTo folder: String) throws {
        let root = try Document(yaml: text, file: file)
        try root.refuseKeys(outside: [
            "kind", "name", "base", "tuned", "prompts", "hooks", "masks", "skip_first", "shard_tokens", "rank", "seed",
            "permutations", "verify",
        ])
        if let kind = try root.optional("kind"), try kind.string() != LatentsKind.name {
            throw kind.error(expected: LatentsKind.name)
        }
        name = try Self.name(root.required("name"))
        base = try Self.path(root.required("base"), folder)
        tuned = try Self.some(root.required("tuned")).map { try Self.tuned($0, folder) }
        prompts = try Self.prompts(root.required("prompts"), folder)
        hooks = try Self.some(root.required("hooks")).map { try Self.hook($0, folder) }
        masks = try root.optional("masks").map(Self.masks) ?? [.all, .content, .last]
        skipFirst = try Self.whole(root.optional("skip_first"), in: 0...Self.mostTokens) ?? 1
        shardTokens = try Self.whole(root.optional("shard_tokens"), in: 1...Self.mostShardTokens) ?? 4096
        rank = try Self.rank(root.optional("rank"))
        seed = try UInt64(Self.whole(root.optional("seed"), in: 0...Int.max) ?? 0)
        permutations = try Self.whole(root.optional("permutations"), in: 0...Self.mostPermutations) ?? 0
        verify = try root.optional("verify").map(Self.share) ?? 0
        try refuseTwins(in: root)
        try refuseDensityOfDirections(in: root)
    }

    private static func tuned(_ entry: Document, _ folder: String) throws -> Tuned {
        try entry.refuseKeys(outside: ["name", "adapter", "checkpoint", "control"])
        let form: DiffTask.Tuned.Form
        let place: Document
        switch (try entry.optional("adapter"), try entry.optional("checkpoint")) {
        case (let adapter?, nil): (form, place) = (.adapter, adapter)
        case (nil, let checkpoint?): (form, place) = (.checkpoint, checkpoint)
        case (nil, nil):
            throw InputError(entry.place, expected: "one of the keys adapter and checkpoint", found: "neither")
        default:
            throw InputError(entry.place, expected: "one of the keys adapter and checkpoint", found: "both")
        }
        return Tuned(
            name: try name(entry.required("name")), form: form, path: try path(place, folder),
            control: try entry.optional("control")?.bool() ?? false)
    }

    private static func prompts(_ entry: Document, _ folder: String) throws -> Prompts {
        try entry.refuseKeys(outside: ["path", "chat_template", "add_generation_prompt"])
        return Prompts(
            path: try path(entry.required("path"), folder),
            template: try entry.optional("chat_template").map { try choice($0) } ?? .auto,
            addGenerationPrompt: try entry.optional("add_generation_prompt")?.bool() ?? true)
    }

    private static func hook(_ entry: Document, _ folder: String) throws -> Hook {
        try entry.refuseKeys(outside: ["layer", "site", "name", "sae", "directions"])
        let site: HookPoint.Site = try entry.optional("site").map { try choice($0) } ?? .residPost
        let layer = try whole(entry.required("layer"), in: 0...mostLayers)
        let form: Hook.Form
        let place: Document
        switch (try entry.optional("sae"), try entry.optional("directions")) {
        case (let sae?, nil): (form, place) = (.sae, sae)
        case (nil, let directions?): (form, place) = (.directions, directions)
        case (nil, nil): throw InputError(entry.place, expected: "one of the keys sae and directions", found: "neither")
        default: throw InputError(entry.place, expected: "one of the keys sae and directions", found: "both")
        }
        // So that an SAE and directions at one place need no names.
        let usual: String? = form == .directions ? Hook.Form.directions.rawValue : nil
        return Hook(
            point: HookPoint(layer: layer, site: site), name: try entry.optional("name").map(hookName) ?? usual,
            form: form, dictionary: try path(place, folder))
    }

    /// The name of a hook has no dots, so that the parts of a result's file names can be told apart.
    private static func hookName(_ value: Document) throws -> String {
        let text = try name(value)
        guard !text.contains("."), text.utf8.count <= longestHookName else {
            throw value.error(
                expected: "1 to \(longestHookName) of the characters A-Z a-z 0-9 _ -",
                hint: "the name becomes part of file names")
        }
        return text
    }

    private static func masks(_ entry: Document) throws -> [TokenMask] {
        let list = try some(entry)
        guard list.count <= mostMasks else { throw entry.error(expected: "at most \(mostMasks) masks") }
        return try list.map { try choice($0) }
    }

    private static func rank(_ entry: Document?) throws -> Rank {
        try entry?.refuseKeys(outside: ["by", "top"])
        return Rank(
            by: try entry?.optional("by").map { try choice($0) } ?? .delta,
            top: try whole(entry?.optional("top"), in: 1...mostTokens) ?? 100)
    }

    /// Refuses two results that would have the same file name.
    private func refuseTwins(in root: Document) throws {
        try Self.refuseTwins(in: root.required("tuned"), tuned.map(\.name), "a name that no other tuned checkpoint has")
        try Self.refuseTwins(
            in: root.required("hooks"), hooks.map(\.label), "a place that no other hook has",
            hint: "give one of the hooks a name")
        if let list = try root.optional("masks") {
            try Self.refuseTwins(in: list, masks.map(\.rawValue), "a mask that is not in the list yet")
        }
    }

    private static func refuseTwins(
        in list: Document, _ names: [String], _ expected: String, hint: String = ""
    ) throws {
        var seen: Set<String> = []
        for (entry, name) in zip(try list.list(), names) where !seen.insert(name).inserted {
            throw InputError(entry.place, expected: expected, found: "\(name) for the second time", hint: hint)
        }
    }

    /// Directions have no shares of active tokens to be ranked by.
    private func refuseDensityOfDirections(in root: Document) throws {
        guard rank.by == .density, hooks.contains(where: { !$0.form.rule.hasDensities }) else { return }
        throw try root.required("rank").required("by").error(
            expected: "delta, prompt_delta or t in a job with directions",
            hint: "every direction is active on every token")
    }
}

/// Reading single values.
extension JobSpec {
    private static func name(_ value: Document) throws -> String {
        let text = try value.string()
        let safe = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        guard safe, !text.isEmpty, text.utf8.count <= longestName, !text.hasPrefix(".") else {
            throw value.error(
                expected: "1 to \(longestName) of the characters A-Z a-z 0-9 . _ - and no dot in front",
                hint: "the name becomes part of file names")
        }
        return text
    }

    private static func path(_ value: Document, _ folder: String) throws -> Path {
        let written = try value.string()
        guard !written.isEmpty, !written.utf8.contains(0) else { throw value.error(expected: "a path") }
        let here = URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        let start = URL(fileURLWithPath: folder.isEmpty ? "." : folder, isDirectory: true, relativeTo: here)
        return Path(written: written, resolved: URL(fileURLWithPath: written, relativeTo: start).path)
    }

    /// The elements of a list with at least one.
    private static func some(_ value: Document) throws -> [Document] {
        let list = try value.list()
        guard !list.isEmpty else { throw value.error(expected: "a list with at least one entry") }
        return list
    }

    private static func whole(_ value: Document?, in range: ClosedRange<Int>) throws -> Int? {
        try value.map { try whole($0, in: range) }
    }

    private static func whole(_ value: Document, in range: ClosedRange<Int>) throws -> Int {
        let whole = try value.integer()
        guard range.contains(whole) else {
            throw value.error(expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return whole
    }

    /// A number from 0 to 1.
    private static func share(_ value: Document) throws -> Double {
        let share = try value.number()
        guard (0...1).contains(share) else { throw value.error(expected: "a number from 0 to 1") }
        return share
    }

    private static func choice<Choice: RawRepresentable<String> & CaseIterable>(_ value: Document) throws -> Choice {
        guard let choice = Choice(rawValue: try value.string()) else {
            throw value.error(expected: "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return choice
    }
}
