import TestSupport

@testable import Models

/// Model folders: the configuration, and weights in one file or in parts under an index.
struct ModelChecks: Checks {
    private let folder: PatchedFolder

    init() throws { folder = try Self.folder() }

    private static func folder() throws -> PatchedFolder {
        try PatchedFolder([
            ("config.json", Array(TinyModel.config().utf8)),
            ("model.safetensors", TinyModel.safetensors(TinyModel.shapes())),
            ("model.safetensors.index.json", nil),
            ("part.safetensors", TinyModel.safetensors(["model.norm.weight": [4], "lm_head.weight": [8, 4]])),
            ("adapter_config.json", nil),
        ])
    }

    func check(_ input: [UInt8]) throws {
        try folder.patched(input) { path, _ in
            guard let checkpoint = try accepted({ try Checkpoint(path) }) else { return }
            try ModelDemands.check(checkpoint)
        }
    }

    private static let index = """
        {"metadata": {"total_size": 144}, "weight_map":
        {"lm_head.weight": "part.safetensors", "model.norm.weight": "part.safetensors"}}
        """

    static func seeds() throws -> [[UInt8]] {
        let configs = [
            TinyModel.config(#", "rope_theta": 5e5, "rope_scaling": {"rope_type": "linear", "factor": 2.0}"#),
            TinyModel.config(
                #", "rope_parameters": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "#
                    + #""high_freq_factor": 4.0, "original_max_position_embeddings": 32, "rope_theta": 500000.0}"#),
            TinyModel.config(
                #", "head_dim": 2, "hidden_act": "silu", "tie_word_embeddings": true, "attention_bias": false, "#
                    + #""layer_types": ["full_attention", "full_attention"], "pretraining_tp": 1"#),
            TinyModel.config(#", "sliding_window": 16"#)
                .replacing("llama", with: "mistral").replacing("Llama", with: "Mistral"),
        ]
        let parts = PatchedFolder.input([(1, PatchedFolder.gone), (2, Array(index.utf8))])
        let both = try PatchedFolder.input([
            (0, Array(TinyModel.config().utf8)), (1, TinyModel.safetensors(["model.norm.weight": [4]])),
        ])
        return try folder().seeds() + configs.map { PatchedFolder.input([(0, Array($0.utf8))]) } + [parts, both]
    }
}
