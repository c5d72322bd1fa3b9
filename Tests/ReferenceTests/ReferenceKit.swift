import Foundation
import TestSupport

/// Where the real model pair and the reference answers are. `scripts/test` sets the model up before the tests run.
enum ReferenceKit {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path
    /// The Hugging Face folder, bfloat16, that the reference answers were computed from.
    static let folder = "\(root)/models/smollm2"
    /// The GGUF file that the folder was made from.
    static let gguf = "\(root)/models/SmolLM2-135M-Instruct.Q4_1.gguf"
    static let persona = "\(root)/Examples/persona"
    static let prompts = "\(persona)/prompts/open-questions.jsonl"
    static let goldens = "\(root)/Tests/ReferenceTests/Goldens"

    /// Adapter folder of a tuned checkpoint named as in the golden files, such as `villain-step-020`.
    static func adapter(_ name: String) -> String {
        let parts = name.split(separator: "-", maxSplits: 1)
        return "\(persona)/adapters/\(parts[0])/\(parts[1])"
    }

    /// What the reference implementation tokenised: id, text, token ids, and 1 for tokens of message content.
    struct GoldenPrompt: Decodable {
        let id: String
        let text: String
        let token_ids: [UInt32]
        let content: [Int]
    }

    static func goldenPrompts() throws -> [GoldenPrompt] {
        try JSONDecoder().decode(
            [GoldenPrompt].self, from: Data(contentsOf: URL(fileURLWithPath: "\(goldens)/tokens.json")))
    }

    /// The float64 tensors of a safetensors file.
    static func doubles(_ path: String) throws -> [String: [Double]] {
        try TensorFile(path).tensors.filter { $0.value.type == "F64" }.mapValues(\.doubles)
    }
}
