/// Llama 2 and 3, SmolLM2 and everything else that uses LlamaForCausalLM.
///
/// Sources: `models/llama/modeling_llama.py` and `configuration_llama.py` of transformers; `MODEL_ARCH.LLAMA` in
/// `gguf-py/gguf/constants.py` and `LlamaModel` in `convert_hf_to_gguf.py` of llama.cpp.
extension ModelFamily {
    public static let llama = ModelFamily(
        name: "llama", className: "LlamaForCausalLM",
        // Saved by transformers before 4.32, though made from the configuration.
        unused: ["model.layers.*.self_attn.rotary_emb.inv_freq"],
        gguf: GGUF(
            name: "llama", names: .llamaGGUF, unused: ["rope_freqs.weight"], hasRotaryPairs: true,
            read: { keys in
                let (hiddenSize, layerCount) = (try keys.size("embedding_length"), try keys.layerCount())
                let norm = try keys.rmsNorm()
                return Architecture(
                    family: "llama", vocabularySize: try keys.vocabularySize(embedding: "token_embd.weight"),
                    hiddenSize: hiddenSize, layerCount: layerCount, contextLength: try keys.size("context_length"),
                    norm: norm, attention: try keys.attention(hiddenSize: hiddenSize, layerCount: layerCount),
                    feedForward: FeedForward(.gated(.silu), width: try keys.size("feed_forward_length")),
                    head: Head(norm: norm, isTied: keys.file.tensors["output.weight"] == nil), names: .llama)
            }),
        read: { keys in
            let (hiddenSize, layerCount) = (try keys.size("hidden_size"), try keys.layerCount())
            for key in ["attention_bias", "mlp_bias"] {
                try keys.expect(key, .bool(false), hint: "linear layers with a bias are not supported")
            }
            try keys.expect("pretraining_tp", .integer(1), hint: "sliced linear layers are not supported")
            try keys.expect("rope_interleaved", .bool(false))
            keys.passOver("sliding_window")
            let norm = try keys.rmsNorm()
            return Architecture(
                family: "llama", vocabularySize: try keys.size("vocab_size"), hiddenSize: hiddenSize,
                layerCount: layerCount, contextLength: try keys.size("max_position_embeddings", default: 2048),
                norm: norm, attention: try keys.attention(hiddenSize: hiddenSize, layerCount: layerCount),
                feedForward: try keys.swiGLU(), head: Head(norm: norm, isTied: try keys.isTied()), names: .llama)
        })
}

extension ModuleNames {
    static let llama = ModuleNames(
        embedding: "model.embed_tokens", layers: "model.layers", finalNorm: "model.norm", head: "lm_head",
        attentionNorm: "input_layernorm", feedForwardNorm: "post_attention_layernorm",
        linears: [
            .query: "self_attn.q_proj", .key: "self_attn.k_proj", .value: "self_attn.v_proj",
            .attentionOutput: "self_attn.o_proj", .gate: "mlp.gate_proj", .up: "mlp.up_proj", .down: "mlp.down_proj",
        ],
        weightless: ["model.rotary_emb"], weightlessInLayer: ["mlp.act_fn"])

    static let llamaGGUF = ModuleNames(
        embedding: "token_embd", layers: "blk", finalNorm: "output_norm", head: "output", attentionNorm: "attn_norm",
        feedForwardNorm: "ffn_norm",
        linears: [
            .query: "attn_q", .key: "attn_k", .value: "attn_v", .attentionOutput: "attn_output", .gate: "ffn_gate",
            .up: "ffn_up", .down: "ffn_down",
        ])
}
