import TestSupport

@testable import Models

/// Folders of LoRA adapters, for the tiny model.
struct AdapterChecks: Checks {
    private let folder: PatchedFolder

    init() throws { folder = try Self.folder(Self.config(), Self.weights()) }

    func check(_ input: [UInt8]) throws {
        let architecture = TinyModel.architecture
        try folder.patched(input) { path, _ in
            guard let adapter = try accepted({ try LoRAAdapter(path, for: architecture) }) else { return }
            try demand(!adapter.pairs.isEmpty, "an adapter without pairs")
            try demand(0..<architecture.layerCount ~= adapter.firstLayer, "first layer \(adapter.firstLayer)")
            let layers = (0..<architecture.layerCount).flatMap(architecture.linearLayers(of:))
            for (module, pair) in adapter.pairs {
                guard let layer = layers.first(where: { $0.path == module }) else {
                    throw Broken(description: "a pair for \(module), which the model does not have")
                }
                try demand(pair.rank > 0 && pair.scale.isFinite, "\(module): rank \(pair.rank), scale \(pair.scale)")
                try demand(pair.a.shape == [pair.rank, layer.input], "\(module): A \(pair.a.shape)")
                try demand(pair.b.shape == [layer.output, pair.rank], "\(module): B \(pair.b.shape)")
                try ModelDemands.check(pair.a)
                try ModelDemands.check(pair.b)
            }
        }
    }

    private static func folder(_ config: String, _ weights: [UInt8]) throws -> PatchedFolder {
        try PatchedFolder([("adapter_config.json", Array(config.utf8)), ("adapter_model.safetensors", weights)])
    }

    /// A configuration; `others` are more members, each after a comma.
    private static func config(_ others: String = #", "target_modules": ["q_proj", "down_proj"]"#) -> String {
        #"{"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "use_rslora": false"# + others + "}"
    }

    /// Pairs for the query of some layers, and for the last linear layer of all.
    private static func weights(queries: [Int] = [0, 1]) throws -> [UInt8] {
        let (hidden, inner) = (TinyModel.architecture.hiddenSize, TinyModel.architecture.feedForward.width)
        var shapes: [String: [Int]] = [:]
        func add(_ module: String, input: Int, output: Int) {
            shapes["base_model.model.\(module).lora_A.weight"] = [2, input]
            shapes["base_model.model.\(module).lora_B.weight"] = [output, 2]
        }
        for layer in queries { add("model.layers.\(layer).self_attn.q_proj", input: hidden, output: hidden) }
        for layer in 0..<2 { add("model.layers.\(layer).mlp.down_proj", input: inner, output: hidden) }
        return try TinyModel.safetensors(shapes)
    }

    static func seeds() throws -> [[UInt8]] {
        let others = [
            #", "target_modules": ".*\\.(q_proj|down_proj)""#,
            #", "target_modules": ["q_proj", "down_proj"], "exclude_modules": ".*\\.k_proj", "use_rslora": true"#,
            #", "target_modules": ["q_proj", "down_proj"], "rank_pattern": {"q_proj": 2, "layers\\.1\\..*": 2}, "#
                + #""alpha_pattern": {"^.*down_proj": 8.5}, "lora_dropout": 0.1, "fan_in_fan_out": false"#,
            #", "target_modules": ["q_proj", "down_proj"], "layers_to_transform": [0, 1], "layers_pattern": "layers""#,
            #", "target_modules": "all-linear", "exclude_modules": ["k_proj", "v_proj", "o_proj", "gate_proj", "up_proj"]"#,
        ]
        let oneQuery = config(
            #", "target_modules": ["model.layers.1.self_attn.q_proj", "down_proj"], "init_lora_weights": true"#)
        return try folder(config(), weights()).seeds()
            + others.map { PatchedFolder.input([(0, Array(config($0).utf8))]) }
            + [PatchedFolder.input([(0, Array(oneQuery.utf8)), (1, weights(queries: [1]))])]
    }
}
