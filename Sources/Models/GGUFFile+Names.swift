import Inputs
import Tensors

extension GGUFFile {
    /// The suffixes of llama.cpp's tensor names in a block, `blk.N.…`, and what the Hugging Face model calls them.
    private static let blockNames = [
        "attn_norm.weight": "input_layernorm.weight",
        "ffn_norm.weight": "post_attention_layernorm.weight",
        "attn_q.weight": "self_attn.q_proj.weight",
        "attn_k.weight": "self_attn.k_proj.weight",
        "attn_v.weight": "self_attn.v_proj.weight",
        "attn_output.weight": "self_attn.o_proj.weight",
        "ffn_gate.weight": "mlp.gate_proj.weight",
        "ffn_up.weight": "mlp.up_proj.weight",
        "ffn_down.weight": "mlp.down_proj.weight",
    ]

    private static let outerNames = [
        "token_embd.weight": "model.embed_tokens.weight",
        "output_norm.weight": "model.norm.weight",
        "output.weight": "lm_head.weight",
    ]

    /// The tensors under their Hugging Face names, query and key rows in the Hugging Face order.
    ///
    /// A tensor that the Llama forward pass does not have, such as a bias, is refused: leaving it out would silently give
    /// another model. `rope_freqs.weight` is part of the configuration.
    func huggingFaceTensors(_ config: ModelConfig) throws -> [String: TensorView] {
        var named: [String: TensorView] = [:]
        for (name, tensor) in tensors where name != "rope_freqs.weight" {
            guard let target = Self.huggingFaceName(name, layers: config.layerCount) else {
                throw InputError(
                    tensor.place, expected: "a tensor of a llama model of \(config.layerCount) blocks",
                    found: "this one",
                    hint: "the model has a part that is not supported")
            }
            named[target] = tensor.renamed(target, order: try rowOrder(name, tensor, config))
        }
        return named
    }

    private static func huggingFaceName(_ name: String, layers: Int) -> String? {
        if let outer = outerNames[name] { return outer }
        let parts = name.split(separator: ".", maxSplits: 2)
        guard parts.count == 3, parts[0] == "blk", let layer = Int(parts[1]), 0..<layers ~= layer,
            String(layer) == parts[1], let rest = blockNames[String(parts[2])]
        else { return nil }
        return "\(ModelConfig.blockPath(layer)).\(rest)"
    }

    private func rowOrder(_ name: String, _ tensor: TensorView, _ config: ModelConfig) throws -> TensorView.RowOrder {
        let heads: Int
        if name.hasSuffix(".attn_q.weight") {
            heads = config.headCount
        } else if name.hasSuffix(".attn_k.weight") {
            heads = config.keyValueHeadCount
        } else {
            return .asStored
        }
        try tensor.require(shape: [heads * config.headSize, config.hiddenSize])
        return .rotaryPairs(headSize: config.headSize)
    }
}
