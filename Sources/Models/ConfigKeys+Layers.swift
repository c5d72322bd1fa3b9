import Inputs

/// What several families say in the same way.
extension ConfigKeys {
    /// Attention as Llama has it: `num_attention_heads`, `num_key_value_heads`, `head_dim`, rotary positions, and the same
    /// window in all layers, which `layer_types` must not contradict.
    ///
    /// `missingKeyValueHeads` is the number where the key is absent; null means as many as query heads.
    public func attention(
        hiddenSize: Int, layerCount: Int, missingKeyValueHeads: Int? = nil, window: Int? = nil
    ) throws -> Attention {
        let headCount = try size("num_attention_heads")
        let standard = try isAbsent("num_key_value_heads") ? missingKeyValueHeads ?? headCount : headCount
        let keyValueHeadCount = try size("num_key_value_heads", default: standard)
        guard headCount.isMultiple(of: keyValueHeadCount) else {
            throw InputError(
                document.place, expected: "num_key_value_heads that divides the \(headCount) num_attention_heads",
                found: "\(keyValueHeadCount)")
        }
        let kind = window == nil ? "full_attention" : "sliding_attention"
        for stated in try optional("layer_types")?.list() ?? [] {
            guard try stated.string() == kind else {
                throw stated.error(expected: kind, hint: "layers with different attention are not supported")
            }
        }
        return Attention(
            headCount: headCount, keyValueHeadCount: keyValueHeadCount,
            headSize: try headSize(hiddenSize: hiddenSize, headCount: headCount), rotary: try RopeSettings(self).rotary,
            windows: Array(repeating: window, count: layerCount))
    }

    private func headSize(hiddenSize: Int, headCount: Int) throws -> Int {
        if let stated = try optional("head_dim") {
            let size = try stated.integer(atLeast: 2)
            guard size <= Architecture.largestSize, size.isMultiple(of: 2) else {
                throw stated.error(expected: "an even number up to \(Architecture.largestSize)")
            }
            return size
        }
        guard hiddenSize.isMultiple(of: 2 * headCount) else {
            throw InputError(
                document.place, expected: "a hidden_size of \(headCount) heads of an even size", found: "\(hiddenSize)")
        }
        return hiddenSize / headCount
    }

    /// The epsilon of `rms_norm_eps`.
    public func rmsNorm(default standard: Float = 1e-6) throws -> Norm {
        guard let stated = try optional("rms_norm_eps") else { return Norm(.rms, epsilon: standard) }
        let epsilon = Float(try stated.number())
        guard epsilon >= 0, epsilon < 1 else { throw stated.error(expected: "a number from 0 to 1") }
        return Norm(.rms, epsilon: epsilon)
    }

    /// A SwiGLU of `intermediate_size`.
    public func swiGLU() throws -> FeedForward {
        try expect("hidden_act", .string("silu"), as: "the activation silu")
        return FeedForward(.gated(.silu), width: try size("intermediate_size"))
    }

    /// `num_hidden_layers`.
    public func layerCount() throws -> Int { try size("num_hidden_layers", atMost: Architecture.mostLayers) }

    /// Whether `tie_word_embeddings` is true.
    public func isTied(default standard: Bool = false) throws -> Bool {
        try optional("tie_word_embeddings")?.bool() ?? standard
    }
}
