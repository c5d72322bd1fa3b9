import Inputs

/// What `cfg.json` of a SAELens folder says about encoding, brought to the form of SAELens 6.
///
/// Source: SAELens `loading/pretrained_sae_loaders.py` (`handle_pre_6_0_config`) and `saes/*.py`. A key that is not known
/// here is refused, since it may change what the dictionary computes.
struct SAELensConfig {
    enum Architecture: String, CaseIterable {
        case standard, topk, jumprelu, gated
    }

    let architecture: Architecture
    let inputWidth: Int
    let latentCount: Int
    let normalisation: SparseAutoencoder.Normalisation
    let subtractsDecoderBias: Bool
    /// For topk.
    let k: Int
    let rescalesByDecoderNorm: Bool
    let hookName: String?

    init(_ document: Document) throws {
        let isCurrent = try document.optional("metadata") != nil
        let keys = isCurrent ? Self.currentKeys : Self.legacyKeys
        try document.refuseKeys(outside: keys, hint: "a key that actdiff does not know may change the encoding")
        let metadata = try document.optional("metadata") ?? document
        architecture = try Self.architecture(document)
        inputWidth = try document.required("d_in").integer(atLeast: 1)
        latentCount = try document.required("d_sae").integer(atLeast: 1)
        normalisation = try Self.normalisation(document)
        subtractsDecoderBias = try document.optional("apply_b_dec_to_input")?.bool() ?? true
        rescalesByDecoderNorm = try document.optional("rescale_acts_by_decoder_norm")?.bool() ?? false
        if rescalesByDecoderNorm, architecture != .topk {
            throw try document.required("rescale_acts_by_decoder_norm").error(
                expected: "false for architecture \(architecture.rawValue)",
                hint: "SAELens rescales by the decoder's norms in top-k SAEs only")
        }
        hookName = try (metadata.optional("hook_name") ?? metadata.optional("hook_point"))?.string()
        k = architecture == .topk ? try Self.topK(document, latentCount: latentCount) : 0
        try Self.refuseReshaping(document, metadata, hookName: hookName)
    }

    private static func architecture(_ document: Document) throws -> Architecture {
        let activation = try document.optional("activation_fn") ?? document.optional("activation_fn_str")
        if let activation {
            guard ["relu", "topk"].contains(try activation.string()) else {
                throw activation.error(expected: "relu or topk")
            }
        }
        let isTopK = try activation?.string() == "topk"
        guard let named = try document.optional("architecture") else { return isTopK ? .topk : .standard }
        guard let architecture = Architecture(rawValue: try named.string()) else {
            throw named.error(
                expected: "one of \(Architecture.allCases.map(\.rawValue).joined(separator: ", "))",
                hint: "batchtopk and matryoshka SAEs are saved for inference as jumprelu; transcoders cannot be diffed")
        }
        // SAELens before 6 wrote "standard" for top-k SAEs and told the truth in the activation function.
        return architecture == .standard && isTopK ? .topk : architecture
    }

    private static func topK(_ document: Document, latentCount: Int) throws -> Int {
        let value =
            try document.optional("activation_fn_kwargs")?.required("k") ?? document.required("k")
        let k = try value.integer(atLeast: 1)
        guard k <= latentCount else { throw value.error(expected: "at most d_sae = \(latentCount)") }
        return k
    }

    private static func normalisation(_ document: Document) throws -> SparseAutoencoder.Normalisation {
        guard let value = try document.optional("normalize_activations") else { return .none }
        switch value.value {
        case .bool(false), .string("none"): return .none
        case .string("constant_norm_rescale"): return .constantNorm
        case .string("layer_norm"): return .layerNorm
        case .bool(true), .string("expected_average_only_in"):
            throw value.error(
                expected: "none, constant_norm_rescale or layer_norm",
                hint: "the average norm this SAE was trained with is not in its file; fold it into the weights "
                    + "(W_enc *= c, W_dec /= c, b_dec /= c) and write \"none\"")
        default:
            throw value.error(expected: "none, constant_norm_rescale or layer_norm")
        }
    }

    private static func refuseReshaping(_ document: Document, _ metadata: Document, hookName: String?) throws {
        if let reshape = try document.optional("reshape_activations"), try reshape.string() != "none" {
            throw reshape.error(expected: "none", hint: "only SAEs on the residual stream can be used")
        }
        for key in ["hook_head_index", "hook_point_head_index"] {
            if let head = try metadata.optional(key) {
                throw head.error(expected: "null", hint: "SAEs on a single attention head cannot be used")
            }
        }
        if let factor = try document.optional("finetuning_scaling_factor"), factor.value != .bool(false) {
            throw factor.error(expected: "false", hint: "finetuning scale factors are not supported")
        }
    }

    private static let currentKeys: Set<String> = [
        "architecture", "d_in", "d_sae", "dtype", "device", "apply_b_dec_to_input", "normalize_activations",
        "reshape_activations", "metadata", "k", "rescale_acts_by_decoder_norm",
    ]

    /// Keys that SAELens wrote before version 6; those that do not matter for encoding are known and passed over.
    private static let legacyKeys: Set<String> = currentKeys.union([
        "activation_fn", "activation_fn_str", "activation_fn_kwargs", "hook_name", "hook_point", "hook_layer",
        "hook_point_layer", "hook_head_index", "hook_point_head_index", "model_name", "model_class_name",
        "model_from_pretrained_kwargs", "prepend_bos", "dataset_path", "dataset_trust_remote_code", "context_size",
        "finetuning_scaling_factor", "sae_lens_version", "sae_lens_training_version", "neuronpedia_id",
        "seqpos_slice", "exclude_special_tokens", "from_pretrained_path", "release",
    ])
}
