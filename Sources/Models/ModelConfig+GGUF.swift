import Inputs
import Tensors

extension ModelConfig {
    /// Keys under `llama.` that are read here, or that say nothing about the forward pass.
    private static let knownKeys: Set<String> = [
        "llama.block_count", "llama.context_length", "llama.embedding_length", "llama.feed_forward_length",
        "llama.vocab_size", "llama.attention.head_count", "llama.attention.head_count_kv",
        "llama.attention.key_length", "llama.attention.value_length", "llama.attention.layer_norm_rms_epsilon",
        "llama.attention.sliding_window", "llama.attention.causal", "llama.rope.dimension_count",
        "llama.rope.freq_base", "llama.rope.scaling.type", "llama.rope.scaling.factor", "llama.rope.scale_linear",
        "llama.rope.scaling.original_context_length", "llama.rope.scaling.finetuned", "llama.expert_count",
        "llama.expert_used_count",
    ]

    /// Reads the metadata of a GGUF file of architecture `llama` (which Mistral files have too).
    init(gguf file: GGUFFile) throws {
        guard try file.string("general.architecture") == "llama" else {
            throw file.error("general.architecture", expected: "the supported architecture \"llama\"")
        }
        try Self.refuseVariants(file)
        let hiddenSize = try Self.size(file, "llama.embedding_length")
        let headCount = try Self.size(file, "llama.attention.head_count")
        let keyValueHeadCount = try Self.size(file, "llama.attention.head_count_kv", default: headCount)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw file.error("llama.attention.head_count_kv", expected: "a divisor of the \(headCount) heads")
        }
        let headSize = try Self.headSize(file, hiddenSize: hiddenSize, headCount: headCount)
        let theta = try file.optionalNumber("llama.rope.freq_base") ?? 10_000
        guard theta > 0 else { throw file.error("llama.rope.freq_base", expected: "a number above 0") }
        let epsilon = Float(try file.number("llama.attention.layer_norm_rms_epsilon"))
        guard epsilon >= 0, epsilon < 1 else {
            throw file.error("llama.attention.layer_norm_rms_epsilon", expected: "a number from 0 to 1")
        }
        self.init(
            family: .llama,
            vocabularySize: try Self.vocabularySize(file),
            hiddenSize: hiddenSize,
            intermediateSize: try Self.size(file, "llama.feed_forward_length"),
            layerCount: try Self.size(file, "llama.block_count", atMost: Self.mostLayers),
            headCount: headCount,
            keyValueHeadCount: keyValueHeadCount,
            headSize: headSize,
            rmsNormEpsilon: epsilon,
            ropeTheta: theta,
            ropeScaling: try Self.ropeScaling(file, headSize: headSize),
            slidingWindow: try file.optionalInteger("llama.attention.sliding_window") == nil
                ? nil : Self.size(file, "llama.attention.sliding_window"),
            contextLength: try Self.size(file, "llama.context_length"))
    }

    /// Everything that changes the forward pass and is not computed here is refused by name.
    private static func refuseVariants(_ file: GGUFFile) throws {
        if let type = try file.optionalString("general.type"), type != "model" {
            throw file.error("general.type", expected: "\"model\"")
        }
        if let parts = try file.optionalInteger("split.count"), parts > 1 {
            throw file.error(
                "split.count", expected: "a model in one file", hint: "join the parts with gguf-split --merge")
        }
        for key in ["llama.expert_count", "llama.expert_used_count"] {
            if let experts = try file.optionalInteger(key), experts != 0 {
                throw file.error(key, expected: "0", hint: "mixtures of experts are not supported")
            }
        }
        if let causal = try file.optionalBool("llama.attention.causal"), !causal {
            throw file.error("llama.attention.causal", expected: "true")
        }
        for key in file.keys where key.hasPrefix("llama.") && !knownKeys.contains(key) {
            throw file.error(key, expected: "no such key", hint: "it may change the forward pass and is not supported")
        }
    }

    private static func headSize(_ file: GGUFFile, hiddenSize: Int, headCount: Int) throws -> Int {
        guard hiddenSize.isMultiple(of: headCount) || file.has("llama.attention.key_length") else {
            throw file.error("llama.attention.head_count", expected: "a divisor of the \(hiddenSize) embedding_length")
        }
        let size = try Self.size(file, "llama.attention.key_length", default: hiddenSize / headCount)
        for key in ["llama.attention.value_length", "llama.rope.dimension_count"] {
            guard try Self.size(file, key, default: size) == size else {
                throw file.error(key, expected: "the head size \(size)")
            }
        }
        guard size.isMultiple(of: 2) else {
            throw InputError(
                "\(file.path): llama.attention.head_count", expected: "heads of an even size", found: "\(size)")
        }
        return size
    }

    private static func vocabularySize(_ file: GGUFFile) throws -> Int {
        let key = "llama.vocab_size"
        if try file.optionalInteger(key) != nil { return try size(file, key) }
        guard let rows = file.tensors["token_embd.weight"]?.shape.first, 1...largestSize ~= rows else {
            throw file.error(key, expected: "a vocabulary size, here or as the rows of token_embd.weight")
        }
        return rows
    }

    private static func ropeScaling(_ file: GGUFFile, headSize: Int) throws -> RopeScaling {
        let linear = try linearScaling(file)
        guard let factors = file.tensors["rope_freqs.weight"] else {
            return linear.map { .linear(factor: $0) } ?? .none
        }
        guard linear == nil else {
            throw InputError(factors.place, expected: "no linear scaling beside it", found: "a scaling factor")
        }
        try factors.require(shape: [headSize / 2])
        let values = try factors.floats()
        guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw InputError(factors.place, expected: "finite factors above 0", found: "others among them")
        }
        return .frequencyFactors(values)
    }

    /// The factor of linear scaling, nil without any. `scale_linear` is the older name of `scaling.factor`.
    private static func linearScaling(_ file: GGUFFile) throws -> Double? {
        let typeKey = "llama.rope.scaling.type"
        let type = try file.optionalString(typeKey)
        guard [nil, "none", "linear"].contains(type) else {
            throw file.error(typeKey, expected: "one of the rope scalings \"none\", \"linear\"")
        }
        let keys = ["llama.rope.scaling.factor", "llama.rope.scale_linear"].filter { file.has($0) }
        guard type != "none", let key = keys.first else {
            if type == "linear" { throw file.error("llama.rope.scaling.factor", expected: "a number") }
            return nil
        }
        let factor = try file.number(key)
        guard factor > 0, keys.count == 1 else {
            throw file.error(key, expected: "one factor above 0, under one name")
        }
        return factor == 1 ? nil : factor
    }

    private static func size(
        _ file: GGUFFile, _ key: String, default standard: Int? = nil, atMost most: Int = largestSize
    ) throws -> Int {
        if let standard, !file.has(key) { return standard }
        let size = try file.integer(key)
        guard 1...most ~= size else { throw file.error(key, expected: "a whole number from 1 to \(most)") }
        return size
    }
}
