import Inputs

extension ModelConfig {
    /// Reads a `config.json` of transformers. Defaults are those of its LlamaConfig and MistralConfig.
    init(huggingFace config: Document) throws {
        let family = try Self.family(of: config)
        try Self.refuseVariants(config, family)
        let hiddenSize = try Self.size(config, "hidden_size")
        let headCount = try Self.size(config, "num_attention_heads")
        // MistralConfig has 8 where the key is missing and as many as query heads where it is null.
        let missingKeyValueHeads = try family == .mistral && config.object()["num_key_value_heads"] == nil
        let keyValueHeadCount = try Self.size(
            config, "num_key_value_heads", default: missingKeyValueHeads ? 8 : headCount)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw InputError(
                config.place, expected: "num_key_value_heads that divides the \(headCount) num_attention_heads",
                found: "\(keyValueHeadCount)")
        }
        let contextLength = try Self.size(
            config, "max_position_embeddings", default: family == .llama ? 2048 : 131_072)
        let rope = try RopeSettings(config)
        self.init(
            family: family,
            vocabularySize: try Self.size(config, "vocab_size"),
            hiddenSize: hiddenSize,
            intermediateSize: try Self.size(config, "intermediate_size"),
            layerCount: try Self.size(config, "num_hidden_layers", atMost: Self.mostLayers),
            headCount: headCount,
            keyValueHeadCount: keyValueHeadCount,
            headSize: try Self.headSize(config, hiddenSize: hiddenSize, headCount: headCount),
            rmsNormEpsilon: try Self.epsilon(config),
            ropeTheta: rope.theta,
            ropeScaling: rope.scaling,
            slidingWindow: try Self.slidingWindow(config, family),
            contextLength: contextLength)
    }

    private static func family(of config: Document) throws -> Family {
        let supported = Family.allCases.map(\.rawValue).joined(separator: ", ")
        let modelType = try config.required("model_type")
        guard let family = Family(rawValue: try modelType.string()) else {
            throw modelType.error(expected: "one of the supported architectures \(supported)")
        }
        let expected = family == .llama ? "LlamaForCausalLM" : "MistralForCausalLM"
        for architecture in try config.optional("architectures")?.list() ?? [] {
            guard try architecture.string() == expected else {
                throw architecture.error(
                    expected: expected, hint: "supported architectures: LlamaForCausalLM, MistralForCausalLM")
            }
        }
        return family
    }

    /// Everything that changes the forward pass and is not computed here is refused by name.
    private static func refuseVariants(_ config: Document, _ family: Family) throws {
        if let activation = try config.optional("hidden_act"), try activation.string() != "silu" {
            throw activation.error(expected: "the activation silu")
        }
        for key in ["attention_bias", "mlp_bias"] {
            if let flag = try config.optional(key), try flag.bool() {
                throw flag.error(expected: "false", hint: "linear layers with a bias are not supported")
            }
        }
        if let slices = try config.optional("pretraining_tp"), try slices.integer() != 1 {
            throw slices.error(expected: "1", hint: "sliced linear layers are not supported")
        }
        if let share = try config.optional("partial_rotary_factor"), try share.number() != 1 {
            throw share.error(expected: "1", hint: "rotary embedding of a part of each head is not supported")
        }
        if let quantization = try config.optional("quantization_config") {
            throw quantization.error(
                expected: "no quantization_config", hint: "save the model unquantised, or as GGUF (Q4_0, Q4_1, Q8_0)")
        }
        if let code = try config.optional("auto_map") {
            throw code.error(expected: "no auto_map", hint: "models with code of their own are not supported")
        }
        try refuseMixedLayers(config, family)
    }

    /// `layer_types` may only say what holds for every layer anyway.
    private static func refuseMixedLayers(_ config: Document, _ family: Family) throws {
        let window = try slidingWindow(config, family)
        let expected = window == nil ? "full_attention" : "sliding_attention"
        for kind in try config.optional("layer_types")?.list() ?? [] {
            guard try kind.string() == expected else {
                throw kind.error(expected: expected, hint: "layers with different attention are not supported")
            }
        }
    }

    /// Llama ignores `sliding_window`, as in transformers; Mistral has 4096 where the key is missing and none where null.
    private static func slidingWindow(_ config: Document, _ family: Family) throws -> Int? {
        guard family == .mistral else { return nil }
        guard try config.object()["sliding_window"] != nil else { return 4096 }
        return try config.optional("sliding_window")?.integer(atLeast: 1)
    }

    private static func headSize(_ config: Document, hiddenSize: Int, headCount: Int) throws -> Int {
        if let stated = try config.optional("head_dim") {
            let size = try stated.integer(atLeast: 2)
            guard size <= largestSize, size.isMultiple(of: 2) else {
                throw stated.error(expected: "an even number up to \(largestSize)")
            }
            return size
        }
        guard hiddenSize.isMultiple(of: 2 * headCount) else {
            throw InputError(
                config.place, expected: "a hidden_size of \(headCount) heads of an even size", found: "\(hiddenSize)")
        }
        return hiddenSize / headCount
    }

    private static func epsilon(_ config: Document) throws -> Float {
        guard let stated = try config.optional("rms_norm_eps") else { return 1e-6 }
        let epsilon = Float(try stated.number())
        guard epsilon >= 0, epsilon < 1 else { throw stated.error(expected: "a number from 0 to 1") }
        return epsilon
    }

    private static func size(
        _ config: Document, _ key: String, default standard: Int? = nil, atMost most: Int = largestSize
    ) throws -> Int {
        if let standard, try config.optional(key) == nil { return standard }
        let stated = try config.required(key)
        let size = try stated.integer(atLeast: 1)
        guard size <= most else { throw stated.error(expected: "a whole number up to \(most)") }
        return size
    }
}
