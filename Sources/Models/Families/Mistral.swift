/// MistralForCausalLM: Llama with an optional sliding window in all layers.
///
/// Sources: `models/mistral/modeling_mistral.py` and `configuration_mistral.py` of transformers. GGUF files call it `llama`.
extension ModelFamily {
    public static let mistral = ModelFamily(
        name: "mistral", className: "MistralForCausalLM",
        unused: ["model.layers.*.self_attn.rotary_emb.inv_freq"],
        read: { keys in
            let (hiddenSize, layerCount) = (try keys.size("hidden_size"), try keys.layerCount())
            for key in ["attention_bias", "mlp_bias"] {
                try keys.expect(key, .bool(false), hint: "linear layers with a bias are not supported")
            }
            try keys.expect("pretraining_tp", .integer(1), hint: "sliced linear layers are not supported")
            // 4096 where the key is missing, none where it is null.
            let window =
                try keys.isAbsent("sliding_window") ? 4096 : keys.optional("sliding_window")?.integer(atLeast: 1)
            let norm = try keys.rmsNorm()
            return Architecture(
                family: "mistral", vocabularySize: try keys.size("vocab_size"), hiddenSize: hiddenSize,
                layerCount: layerCount, contextLength: try keys.size("max_position_embeddings", default: 131_072),
                norm: norm,
                attention: try keys.attention(
                    hiddenSize: hiddenSize, layerCount: layerCount, missingKeyValueHeads: 8, window: window),
                feedForward: try keys.swiGLU(), head: Head(norm: norm, isTied: try keys.isTied()), names: .llama)
        })
}
