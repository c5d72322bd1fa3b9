import Models

/// A family that only the tests know: Llama with a bias on every linear layer, a window in every other layer, a scale of
/// its own and names of its own. Its file is all that it takes; scripts/goldens/sites.py is the model in formulas.
extension ModelFamily {
    static let biased = ModelFamily(name: "biased", className: "BiasedForCausalLM") { keys in
        let (hiddenSize, layerCount) = (try keys.size("hidden_size"), try keys.layerCount())
        var attention = try keys.attention(hiddenSize: hiddenSize, layerCount: layerCount)
        attention.scale = Float(try keys.required("query_scale").number())
        let window = try keys.size("local_window")
        attention.windows = (0..<layerCount).map { $0 % 2 == 0 ? window : nil }
        let norm = try keys.rmsNorm()
        return Architecture(
            family: "biased", vocabularySize: try keys.size("vocab_size"), hiddenSize: hiddenSize,
            layerCount: layerCount, contextLength: try keys.size("max_position_embeddings"), norm: norm,
            attention: attention, feedForward: try keys.swiGLU(), biases: Set(Linear.allCases),
            head: Head(norm: norm, isTied: try keys.isTied()), names: .biased)
    }
}

extension ModuleNames {
    fileprivate static let biased = ModuleNames(
        embedding: "net.wte", layers: "net.h", finalNorm: "net.norm", head: "out", attentionNorm: "norm_1",
        feedForwardNorm: "norm_2",
        linears: [
            .query: "attn.q", .key: "attn.k", .value: "attn.v", .attentionOutput: "attn.o", .gate: "ffn.gate",
            .up: "ffn.up", .down: "ffn.down",
        ])
}

extension ModelFamilies {
    /// What there is, and one line for the family of the tests.
    static let withBiased = ModelFamilies([.llama, .mistral, .biased])
}
