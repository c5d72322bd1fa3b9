import Foundation
import Inputs
import TestSupport
import Testing

/// The path of a committed golden.
func golden(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Goldens/\(name)", ofType: nil))
}

/// A safetensors file with this header text and this many zero bytes of tensors.
func safetensors(header: String, dataLength: Int) -> Data {
    var data = Data()
    withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { data.append(contentsOf: $0) }
    data.append(contentsOf: header.utf8)
    data.append(Data(count: dataLength))
    return data
}

/// A safetensors file of F32 tensors that are zero.
func zeroTensors(_ shapes: [String: [Int]], type: String = "F32", bytes: Int = 4) -> Data {
    var entries: [String] = []
    var end = 0
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
        let begin = end
        end += shape.reduce(bytes, *)
        entries.append("\"\(name)\":{\"dtype\":\"\(type)\",\"shape\":\(shape),\"data_offsets\":[\(begin),\(end)]}")
    }
    return safetensors(header: "{\(entries.joined(separator: ","))}", dataLength: end)
}

/// The members of a small Llama's config.json.
let smallConfig: [String: String] = [
    "model_type": "\"llama\"", "architectures": "[\"LlamaForCausalLM\"]", "vocab_size": "16", "hidden_size": "8",
    "intermediate_size": "12", "num_hidden_layers": "2", "num_attention_heads": "2", "num_key_value_heads": "1",
    "max_position_embeddings": "64", "rms_norm_eps": "1e-5", "rope_theta": "50000.0",
]

/// A small Llama folder; `changes` replace members of its config.json (nil removes one).
func writeModel(_ folder: TemporaryFolder, _ changes: [String: String?] = [:]) throws {
    var members = smallConfig
    for (key, value) in changes { members[key] = value }
    let text = members.sorted { $0.key < $1.key }.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ",\n")
    try folder.write("config.json", "{\(text)}")
    try folder.write("model.safetensors", zeroTensors(["model.norm.weight": [8], "lm_head.weight": [16, 8]]))
}
