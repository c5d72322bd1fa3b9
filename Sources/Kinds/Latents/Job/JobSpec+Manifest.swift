import Inputs

extension JobSpec {
    /// The spec for a result's manifest: the job file's own keys, defaults filled in, paths as they were written, so
    /// that it is the same wherever the job ran. `verify`, `keep_latents` and `contrasts`, which no column of the manifest's
    /// files depends on, only where the job file has them.
    public var manifest: Document.Value {
        var members: [String: Document.Value] = [
            "name": .string(name),
            "base": .string(base.written),
            "tuned": .array(
                tuned.map { entry in
                    .object([
                        "name": .string(entry.name), entry.form.rawValue: .string(entry.path.written),
                        "control": .bool(entry.control),
                    ])
                }),
            "prompts": .object([
                "path": prompts.manifestPath, "chat_template": .string(prompts.template.rawValue),
                "add_generation_prompt": .bool(prompts.addGenerationPrompt),
            ]),
            "hooks": .array(
                hooks.map { hook in
                    var members: [String: Document.Value] = [
                        "layer": .integer(hook.point.layer), "site": .string(hook.point.site.rawValue),
                        hook.form.rawValue: .string(hook.dictionary.written),
                    ]
                    if let name = hook.name { members["name"] = .string(name) }
                    return .object(members)
                }),
            "masks": .array(masks.map { .string($0.rawValue) }),
            "skip_first": .integer(skipFirst),
            "shard_tokens": .integer(shardTokens),
            "rank": .object(["by": .string(rank.by.rawValue), "top": .integer(rank.top)]),
            "seed": .integer(Int(seed)),
            "permutations": .integer(permutations),
        ]
        if let contrasts {
            members["contrasts"] = .object(
                Dictionary(contrasts.map { ($0.name, .string($0.expression)) }) { first, _ in first })
        }
        if let keepLatents { members["keep_latents"] = .array(keepLatents.map { .integer($0) }) }
        if verify > 0 { members["verify"] = .number(verify) }
        return .object(members)
    }
}

extension JobSpec.Prompts {
    /// The path, or the paths by group.
    fileprivate var manifestPath: Document.Value {
        let groups = files.compactMap { file in
            file.group.map { ($0, Document.Value.string(file.path.written)) }
        }
        guard groups.isEmpty else { return .object(Dictionary(groups) { first, _ in first }) }
        return files.first.map { .string($0.path.written) } ?? .null
    }
}
