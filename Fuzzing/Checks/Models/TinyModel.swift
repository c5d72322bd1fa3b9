import Foundation
import TestSupport

@testable import Models

/// A Llama of a few hundred numbers.
enum TinyModel {
    static let architecture: Architecture = {
        let norm = Norm(.rms, epsilon: 1e-5)
        return Architecture(
            family: "llama", vocabularySize: 8, hiddenSize: 4, layerCount: 2, contextLength: 64, norm: norm,
            attention: Attention(
                headCount: 2, keyValueHeadCount: 1, headSize: 2, rotary: Rotary(theta: 10_000), windows: [nil, nil]),
            feedForward: FeedForward(.gated(.silu), width: 6), head: Head(norm: norm, isTied: false), names: .llama)
    }()

    /// Its config.json; `others` are more members, each after a comma.
    static func config(_ others: String = "") -> String {
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 8, "hidden_size": 4,
        "intermediate_size": 6, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
        "max_position_embeddings": 64, "rms_norm_eps": 1e-5\(others)}
        """
    }

    /// The shapes of all its tensors.
    static func shapes() -> [String: [Int]] {
        architecture.slots.reduce(into: [:]) { shapes, slot in
            if let name = architecture.names.name(of: slot) { shapes[name] = architecture.shape(of: slot) }
        }
    }

    /// A safetensors file of float32 tensors, whose numbers are small and not all the same.
    static func safetensors(_ shapes: [String: [Int]]) throws -> [UInt8] {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/tensors"
        try TensorFile(shapes.mapValues { TensorFile.Tensor(numbers($0.reduce(1, *)), shape: $0) }).write(to: path)
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func numbers(_ count: Int) -> [Float] { (0..<count).map { Float($0 % 5 - 2) / 4 } }
}
