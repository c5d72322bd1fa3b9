import Inputs

extension ExemplarsSpec {
    /// The spec for a bundle's manifest: the job file's own keys, defaults filled in, paths as they were written.
    var manifest: Document.Value {
        var members: [String: Document.Value] = [
            "kind": .string(ExemplarsKind.name),
            "name": .string(name),
            "base": .string(base.written),
            "tuned": .array(
                tuned.map { entry in
                    .object([
                        "name": .string(entry.name), entry.form.rawValue: .string(entry.path.written),
                        "control": .bool(entry.control),
                    ])
                }),
            texts.key: texts.manifest,
            "hooks": .array(hooks.map(\.manifest)),
            "examples": .integer(examples),
            "per_interval": .integer(perInterval),
            "window": .integer(window),
            "skip_first": .integer(skipFirst),
            "max_norm": maxNorm.map { .number($0) } ?? .string("none"),
            "shard_tokens": .integer(shardTokens),
            "seed": .integer(Int(seed)),
        ]
        if verify > 0 { members["verify"] = .number(verify) }
        return .object(members)
    }
}

extension ExemplarsSpec.Texts {
    fileprivate var manifest: Document.Value {
        switch self {
        case .prompts(let path, let template, let adding, let mask):
            .object([
                "path": .string(path.written), "chat_template": .string(template.rawValue),
                "add_generation_prompt": .bool(adding), "mask": .string(mask.rawValue),
            ])
        case .corpus(let path, let field, let context):
            .object(["path": .string(path.written), "field": .string(field), "context": .integer(context)])
        }
    }
}

extension ExemplarsSpec.Hook {
    fileprivate var manifest: Document.Value {
        var members: [String: Document.Value] = [
            "layer": .integer(spec.point.layer), "site": .string(spec.point.site.rawValue),
            spec.form.rawValue: .string(spec.dictionary.written), "latents": latents.manifest,
        ]
        if let name = spec.name { members["name"] = .string(name) }
        return .object(members)
    }
}

extension LatentChoice {
    fileprivate var manifest: Document.Value {
        let names: Document.Value = .array(named.map { name in Int(name).map { .integer($0) } ?? .string(name) })
        guard let ends else { return names }
        var members: [String: Document.Value] = [
            "from": .string(ends.bundle.written), "top": .integer(ends.top), "bottom": .integer(ends.bottom),
        ]
        if let tuned = ends.tuned { members["tuned"] = .string(tuned) }
        if let mask = ends.mask { members["mask"] = .string(mask.rawValue) }
        if let rankBy = ends.rankBy { members["rank_by"] = .string(rankBy) }
        if !named.isEmpty { members["also"] = names }
        return .object(members)
    }
}
