import Foundation
import TestSupport

/// The tiny model pair of the process tests, laid out in a folder of its own, with what its job files name
/// (scripts/goldens/embeddings.py makes the same):
///
/// | path | what it is |
/// |---|---|
/// | `base`, `tuned`, `adapter` | the fixtures: `tuned` and `adapter` change blocks, and no embedding |
/// | `rolled` | `base` with the embedding of token i + 1 at token i, the first one's at the last |
/// | `sae` | the fixture, top-k, for `resid_post` of layer 2 |
/// | `sae-pre-0`, `sae-pre-0-topk`, `sae-pre-3` | its weights, with biases, for `resid_pre`: ReLU, top-k and ReLU |
/// | `prompts.jsonl`, `turns.jsonl` | the fixture's prompts, and a few with all three roles |
final class TinyModels {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    private static let fixtures = tests + "/ProcessTests/Fixtures"

    private let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws {
        folder = try TemporaryFolder()
        for name in ["base", "tuned", "adapter", "sae", "prompts.jsonl"] { try copy(name, to: name) }
        try copy("base", to: "rolled")
        try roll(path + "/rolled/model.safetensors")
        try dictionary("sae-pre-0", layer: 0, #""architecture": "standard""#)
        try dictionary("sae-pre-0-topk", layer: 0, #""architecture": "topk", "k": 8"#)
        try dictionary("sae-pre-3", layer: 3, #""architecture": "standard""#)
        try folder.write("turns.jsonl", Self.turns)
    }

    private func copy(_ fixture: String, to name: String) throws {
        try FileManager.default.copyItem(atPath: "\(Self.fixtures)/\(fixture)", toPath: "\(path)/\(name)")
    }

    private func roll(_ file: String) throws {
        var model = try TensorFile(file)
        let name = "model.embed_tokens.weight"
        guard let rows = model.tensors[name] else { throw CocoaError(.fileReadCorruptFile) }
        let row = rows.bytes.count / rows.shape[0]
        model.tensors[name]?.bytes = rows.bytes.dropFirst(row) + rows.bytes.prefix(row)
        try model.write(to: file)
    }

    private func dictionary(_ name: String, layer: Int, _ architecture: String) throws {
        try FileManager.default.createDirectory(atPath: "\(path)/\(name)", withIntermediateDirectories: true)
        var weights = try TensorFile("\(path)/sae/sae_weights.safetensors")
        weights.tensors["b_enc"] = .init((0..<64).map { Float($0 % 7 - 3) / 32 }, shape: [64])
        weights.tensors["b_dec"] = .init((0..<32).map { Float($0 % 5 - 2) / 64 }, shape: [32])
        try weights.write(to: "\(path)/\(name)/sae_weights.safetensors")
        let config = """
            {\(architecture), "d_in": 32, "d_sae": 64, "dtype": "float32", "apply_b_dec_to_input": true,
            "normalize_activations": "none", "metadata": {"hook_name": "blocks.\(layer).hook_resid_pre"}}
            """
        try folder.write("\(name)/cfg.json", config)
    }

    private static let turns = [
        ("You are brief.", "What is glass?", "Sand, molten."),
        ("You are kind.", "Why does bread rise?", "The yeast breathes, and the dough keeps its breath."),
        ("You are brief.", "What is bread?", "Flour, water, salt."),
        ("You know the sea.", "Tell me about tides.", "The moon pulls. Naïve, but true: twice a day."),
        ("You are brief.", "What is glass made of?", "Sand."),
    ].enumerated().map { index, turn in
        """
        {"id": "turn-\(index)", "messages": [{"role": "system", "content": "\(turn.0)"}, \
        {"role": "user", "content": "\(turn.1)"}, {"role": "assistant", "content": "\(turn.2)"}]}

        """
    }.joined()
}
