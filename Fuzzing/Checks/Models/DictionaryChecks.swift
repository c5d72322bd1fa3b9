import Dictionaries
import TestSupport

/// Folders of SAEs.
struct DictionaryChecks: Checks {
    private let folder: PatchedFolder

    init() throws { folder = try Self.folder(Self.config(), Self.weights(["b_enc": [Self.latents]])) }

    func check(_ input: [UInt8]) throws {
        try folder.patched(input) { path, _ in
            guard let dictionary = try accepted({ try DictionaryFormats.all.open(path) }) else { return }
            try DictionaryDemands.check(dictionary)
        }
    }

    private static func folder(_ config: String, _ weights: [UInt8]) throws -> PatchedFolder {
        try PatchedFolder([("cfg.json", Array(config.utf8)), ("sae_weights.safetensors", weights)])
    }

    private static let (width, latents) = (4, 6)

    /// SAELens 6, and what it wrote before.
    private static func config(_ others: String = #""architecture": "topk", "k": 2"#) -> String {
        """
        {"d_in": \(width), "d_sae": \(latents), "dtype": "float32", "apply_b_dec_to_input": true,
        "normalize_activations": "none", "reshape_activations": "none", "metadata": {"hook_name": "blocks.2.hook_resid_post"},
        \(others)}
        """
    }

    private static let legacy = """
        {"d_in": \(width), "d_sae": \(latents), "architecture": "standard", "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": 3}, "hook_name": "blocks.0.hook_resid_pre", "hook_head_index": null,
        "normalize_activations": "layer_norm", "finetuning_scaling_factor": false, "prepend_bos": true}
        """

    private static func weights(_ others: [String: [Int]]) throws -> [UInt8] {
        let common = ["W_enc": [width, latents], "W_dec": [latents, width], "b_dec": [width]]
        return try TinyModel.safetensors(common.merging(others) { $1 })
    }

    /// Each architecture, in one file and in both.
    static func seeds() throws -> [[UInt8]] {
        let pairs = try [
            (config(), weights(["b_enc": [latents]])),
            (
                config(#""architecture": "topk", "k": 2, "rescale_acts_by_decoder_norm": true"#),
                weights(["b_enc": [latents]])
            ),
            (config(#""architecture": "standard""#), weights(["b_enc": [latents]])),
            (config(#""architecture": "jumprelu""#), weights(["b_enc": [latents], "threshold": [latents]])),
            (
                config(#""architecture": "gated""#),
                weights(["b_gate": [latents], "b_mag": [latents], "r_mag": [latents]])
            ),
            (legacy, weights(["b_enc": [latents], "scaling_factor": [latents]])),
        ]
        return try pairs.flatMap { config, weights in
            try folder(config, weights).seeds() + [PatchedFolder.input([(0, Array(config.utf8)), (1, weights)])]
        }
    }
}
