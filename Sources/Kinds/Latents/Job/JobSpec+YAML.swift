import Evaluation
import Foundation
import Inputs
import Prompts
import Work

extension JobSpec {
    /// A larger count is taken for a typing error.
    private static let mostTokens = 1 << 30
    private static let mostPermutations = 1_000_000
    private static let mostKeptLatents = 4096

    /// Reads a job file; its relative paths start at the file's folder. Throws `InputError`.
    public init(yamlFile path: String) throws {
        let text = try PromptSet.text(
            Document.contents(of: path, atMost: Document.mostYAMLBytes), file: path)
        let folder = (path as NSString).deletingLastPathComponent
        try self.init(yaml: text, file: path, relativeTo: folder)
    }

    /// Parses a job file's text; `file` is its name in error messages, `folder` where its relative paths start.
    public init(yaml text: String, file: String, relativeTo folder: String) throws {
        let root = try Document(yaml: text, file: file)
        try root.refuseKeys(outside: [
            "kind", "name", "base", "tuned", "prompts", "hooks", "masks", "skip_first", "shard_tokens", "rank", "seed",
            "permutations", "verify", "keep_latents", "contrasts",
        ])
        if let kind = try root.optional("kind"), try kind.string() != LatentsKind.name {
            throw kind.error(expected: LatentsKind.name)
        }
        name = try root.required("name").jobName()
        base = try root.required("base").path(from: folder)
        tuned = try root.required("tuned").some(atMost: DiffTask.Limits.tuned).map { try TunedSpec($0, from: folder) }
        prompts = try Self.prompts(root.required("prompts"), folder)
        hooks = try root.required("hooks").some(atMost: DiffTask.Limits.hooks).map { try HookSpec($0, from: folder) }
        masks = try root.optional("masks").map(Self.masks) ?? [.all, .content, .last]
        skipFirst = try root.optional("skip_first")?.whole(in: 0...Self.mostTokens) ?? 1
        shardTokens = try root.optional("shard_tokens")?.whole(in: 1...ShardPlan.mostShardTokens) ?? 4096
        rank = try Self.rank(root.optional("rank"))
        seed = try UInt64(root.optional("seed")?.whole(in: 0...Int.max) ?? 0)
        permutations = try root.optional("permutations")?.whole(in: 0...Self.mostPermutations) ?? 0
        verify = try root.optional("verify")?.share() ?? 0
        keepLatents = try root.optional("keep_latents").map(Self.keptLatents)
        contrasts = try root.optional("contrasts").map(Contrast.list)
        try refuseTwins(in: root)
        try refuseDensityOfDirections(in: root)
    }

    private static func prompts(_ entry: Document, _ folder: String) throws -> Prompts {
        try entry.refuseKeys(outside: ["path", "chat_template", "add_generation_prompt"])
        return Prompts(
            files: try promptFiles(entry.required("path"), folder),
            template: try entry.optional("chat_template")?.choice() ?? .auto,
            addGenerationPrompt: try entry.optional("add_generation_prompt")?.bool() ?? true)
    }

    /// A path, or a mapping from groups to paths.
    private static func promptFiles(_ entry: Document, _ folder: String) throws -> [Prompts.File] {
        guard case .object(let members) = entry.value else {
            return [Prompts.File(path: try entry.path(from: folder))]
        }
        guard (1...PromptGroups.most).contains(members.count) else {
            throw InputError(entry.place, expected: "1 to \(PromptGroups.most) groups", found: "\(members.count)")
        }
        return try members.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { group in
            guard SafeName.isSafe(group) else {
                throw InputError(
                    entry.place, expected: "groups named by \(SafeName.words)", found: "'\(group)'",
                    hint: "the name becomes part of columns' names")
            }
            return Prompts.File(group: group, path: try entry.required(group).path(from: folder))
        }
    }

    private static func masks(_ entry: Document) throws -> [TokenMask] {
        try entry.some(atMost: DiffTask.Limits.masks).map { try $0.choice() }
    }

    private static func rank(_ entry: Document?) throws -> Rank {
        try entry?.refuseKeys(outside: ["by", "top"])
        return Rank(
            by: try entry?.optional("by")?.choice() ?? .delta,
            top: try entry?.optional("top")?.whole(in: 1...mostTokens) ?? 100)
    }

    private static func keptLatents(_ entry: Document) throws -> [Int] {
        let list = try entry.some(atMost: mostKeptLatents)
        let latents = try list.map { try $0.whole(in: 0...EvaluatedHook.mostLatents - 1) }
        try entry.refuseTwins(latents.map { "\($0)" }, "a latent that is not in the list yet")
        return latents
    }

    /// Refuses two results that would have the same file name.
    private func refuseTwins(in root: Document) throws {
        try root.required("tuned").refuseTwins(tuned.map(\.name), "a name that no other tuned checkpoint has")
        try root.required("hooks").refuseTwins(
            hooks.map(\.label), "a place that no other hook has", hint: "give one of the hooks a name")
        if let list = try root.optional("masks") {
            try list.refuseTwins(masks.map(\.rawValue), "a mask that is not in the list yet")
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
