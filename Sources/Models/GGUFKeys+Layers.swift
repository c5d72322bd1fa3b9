import Inputs
import Tensors

/// What several families say in the same way.
extension GGUFKeys {
    /// Causal attention with rotary positions over whole heads, and the same window in all layers. Refuses mixtures of
    /// experts, which have keys of their own beside these.
    public func attention(hiddenSize: Int, layerCount: Int) throws -> Attention {
        for key in [self["expert_count"], self["expert_used_count"]] {
            if let experts = try file.optionalInteger(key), experts != 0 {
                throw file.error(key, expected: "0", hint: "mixtures of experts are not supported")
            }
        }
        if let causal = try file.optionalBool(self["attention.causal"]), !causal {
            throw file.error(self["attention.causal"], expected: "true")
        }
        let headCount = try size("attention.head_count")
        let keyValueHeadCount = try size("attention.head_count_kv", default: headCount)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw file.error(self["attention.head_count_kv"], expected: "a divisor of the \(headCount) heads")
        }
        let headSize = try headSize(hiddenSize: hiddenSize, headCount: headCount)
        let hasWindow = try file.optionalInteger(self["attention.sliding_window"]) != nil
        let window = hasWindow ? try size("attention.sliding_window") : nil
        return Attention(
            headCount: headCount, keyValueHeadCount: keyValueHeadCount, headSize: headSize,
            rotary: try rotary(headSize: headSize), windows: Array(repeating: window, count: layerCount))
    }

    private func headSize(hiddenSize: Int, headCount: Int) throws -> Int {
        guard hiddenSize.isMultiple(of: headCount) || file.has(self["attention.key_length"]) else {
            throw file.error(
                self["attention.head_count"], expected: "a divisor of the \(hiddenSize) embedding_length")
        }
        let size = try size("attention.key_length", default: hiddenSize / headCount)
        for key in ["attention.value_length", "rope.dimension_count"] {
            guard try self.size(key, default: size) == size else {
                throw file.error(self[key], expected: "the head size \(size)")
            }
        }
        guard size.isMultiple(of: 2) else {
            throw InputError(
                "\(file.path): \(self["attention.head_count"])", expected: "heads of an even size", found: "\(size)")
        }
        return size
    }

    private func rotary(headSize: Int) throws -> Rotary {
        let theta = try file.optionalNumber(self["rope.freq_base"]) ?? 10_000
        guard theta > 0 else { throw file.error(self["rope.freq_base"], expected: "a number above 0") }
        let linear = try linearScaling()
        guard let factors = file.tensors["rope_freqs.weight"] else {
            return Rotary(theta: theta, scaling: linear.map { .linear(factor: $0) } ?? .none)
        }
        guard linear == nil else {
            throw InputError(factors.place, expected: "no linear scaling beside it", found: "a scaling factor")
        }
        try factors.require(shape: [headSize / 2])
        let values = try factors.floats()
        guard values.allSatisfy({ $0.isFinite && $0 > 0 }) else {
            throw InputError(factors.place, expected: "finite factors above 0", found: "others among them")
        }
        return Rotary(theta: theta, scaling: .frequencyFactors(values))
    }

    /// The factor of linear scaling, nil without any. `scale_linear` is the older name of `scaling.factor`.
    private func linearScaling() throws -> Double? {
        // They say how the model was trained.
        _ = (self["rope.scaling.original_context_length"], self["rope.scaling.finetuned"])
        let type = try file.optionalString(self["rope.scaling.type"])
        guard [nil, "none", "linear"].contains(type) else {
            throw file.error(self["rope.scaling.type"], expected: "one of the rope scalings \"none\", \"linear\"")
        }
        let keys = [self["rope.scaling.factor"], self["rope.scale_linear"]].filter { file.has($0) }
        guard type != "none", let key = keys.first else {
            if type == "linear" { throw file.error(self["rope.scaling.factor"], expected: "a number") }
            return nil
        }
        let factor = try file.number(key)
        guard factor > 0, keys.count == 1 else {
            throw file.error(key, expected: "one factor above 0, under one name")
        }
        return factor == 1 ? nil : factor
    }

    /// The epsilon of the norms.
    public func rmsNorm() throws -> Norm {
        let key = self["attention.layer_norm_rms_epsilon"]
        let epsilon = Float(try file.number(key))
        guard epsilon >= 0, epsilon < 1 else { throw file.error(key, expected: "a number from 0 to 1") }
        return Norm(.rms, epsilon: epsilon)
    }

    /// `block_count`.
    public func layerCount() throws -> Int { try size("block_count", atMost: Architecture.mostLayers) }

    /// `vocab_size`, or the rows of the tensor `embedding`.
    public func vocabularySize(embedding: String) throws -> Int {
        let key = self["vocab_size"]
        if try file.optionalInteger(key) != nil { return try size("vocab_size") }
        guard let rows = file.tensors[embedding]?.shape.first, 1...Architecture.largestSize ~= rows else {
            throw file.error(key, expected: "a vocabulary size, here or as the rows of \(embedding)")
        }
        return rows
    }
}
