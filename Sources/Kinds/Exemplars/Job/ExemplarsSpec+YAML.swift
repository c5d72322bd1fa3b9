import Evaluation
import Inputs
import Prompts
import Work

extension ExemplarsSpec {
    /// Latents of one hook, and their exemplars in each group: what a fold holds in memory.
    static let mostLatents = 1024
    private static let mostExamples = 100
    private static let mostWindow = 512
    private static let mostContext = 1 << 17
    private static let mostTuned = 64
    private static let mostHooks = 64

    /// Parses a job file's text; `file` is its name in error messages, `folder` where its relative paths start. Throws
    /// `InputError`.
    public init(yaml text: String, file: String, relativeTo folder: String) throws {
        let root = try Document(yaml: text, file: file)
        try root.refuseKeys(outside: [
            "kind", "name", "base", "tuned", "prompts", "corpus", "hooks", "examples", "per_interval", "window",
            "skip_first", "max_norm", "shard_tokens", "seed", "verify",
        ])
        guard let kind = try root.optional("kind"), try kind.string() == ExemplarsKind.name else {
            throw InputError(root.place, expected: "kind: \(ExemplarsKind.name)", found: "another kind, or none")
        }
        name = try root.required("name").jobName()
        base = try root.required("base").path(from: folder)
        tuned =
            try root.optional("tuned")?.some(atMost: Self.mostTuned).map { try TunedSpec($0, from: folder) } ?? []
        texts = try Self.texts(root, folder)
        hooks = try root.required("hooks").some(atMost: Self.mostHooks).map { entry in
            Hook(
                spec: try HookSpec(entry, from: folder, others: ["latents"]),
                latents: try LatentChoice(entry.required("latents"), from: folder))
        }
        examples = try root.optional("examples")?.whole(in: 1...Self.mostExamples) ?? 12
        perInterval = try root.optional("per_interval")?.whole(in: 0...Self.mostExamples) ?? 3
        window = try root.optional("window")?.whole(in: 1...Self.mostWindow) ?? 32
        skipFirst = try root.optional("skip_first")?.whole(in: 0...Self.mostContext) ?? 1
        maxNorm = try Self.maxNorm(root)
        shardTokens = try root.optional("shard_tokens")?.whole(in: 1...ShardPlan.mostShardTokens) ?? 4096
        seed = try UInt64(root.optional("seed")?.whole(in: 0...Int.max) ?? 0)
        verify = try root.optional("verify")?.share() ?? 0
        if let entry = try root.optional("tuned") {
            try entry.refuseTwins(tuned.map(\.name), "a name that no other tuned checkpoint has")
        }
        try root.required("hooks").refuseTwins(
            hooks.map(\.spec.label), "a place that no other hook has", hint: "give one of the hooks a name")
    }

    /// `max_norm: none` lets every token count.
    private static func maxNorm(_ root: Document) throws -> Double? {
        guard let entry = try root.optional("max_norm") else { return 10 }
        if case .string("none") = entry.value { return nil }
        let multiple = try entry.number()
        guard multiple > 1 else {
            throw entry.error(expected: "a number above 1, or none", hint: "it is a multiple of the median norm")
        }
        return multiple
    }

    private static func texts(_ root: Document, _ folder: String) throws -> Texts {
        switch (try root.optional("prompts"), try root.optional("corpus")) {
        case (let prompts?, nil):
            try prompts.refuseKeys(outside: ["path", "chat_template", "add_generation_prompt", "mask"])
            return .prompts(
                try prompts.required("path").path(from: folder),
                template: try prompts.optional("chat_template")?.choice() ?? .auto,
                addGenerationPrompt: try prompts.optional("add_generation_prompt")?.bool() ?? true,
                mask: try prompts.optional("mask")?.choice() ?? .all)
        case (nil, let corpus?):
            try corpus.refuseKeys(outside: ["path", "field", "context"])
            return .corpus(
                try corpus.required("path").path(from: folder),
                field: try corpus.optional("field")?.string() ?? "text",
                context: try corpus.optional("context")?.whole(in: 2...mostContext) ?? 256)
        case (nil, nil): throw InputError(root.place, expected: "one of the keys prompts and corpus", found: "neither")
        default: throw InputError(root.place, expected: "one of the keys prompts and corpus", found: "both")
        }
    }
}

extension LatentChoice {
    /// A list of latents, or a mapping with a bundle.
    init(_ entry: Document, from folder: String) throws {
        if case .array = entry.value {
            self.init(named: try Self.names(entry), ends: nil)
            return
        }
        try entry.refuseKeys(outside: ["from", "tuned", "mask", "rank_by", "top", "bottom", "also"])
        let most = ExemplarsSpec.mostLatents
        let ends = Ends(
            bundle: try entry.required("from").path(from: folder),
            tuned: try entry.optional("tuned")?.string(), mask: try entry.optional("mask")?.choice(),
            rankBy: try entry.optional("rank_by")?.string(),
            top: try entry.optional("top")?.whole(in: 0...most) ?? 50,
            bottom: try entry.optional("bottom")?.whole(in: 0...most) ?? 20)
        self.init(named: try entry.optional("also").map(Self.names) ?? [], ends: ends)
    }

    private static func names(_ list: Document) throws -> [String] {
        let entries = try list.some(atMost: ExemplarsSpec.mostLatents)
        let names = try entries.map { entry in
            if case .integer(let latent) = entry.value { "\(latent)" } else { try entry.string() }
        }
        try list.refuseTwins(names, "a latent that is not in the list yet")
        return names
    }
}
