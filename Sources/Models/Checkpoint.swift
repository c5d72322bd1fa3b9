import Foundation
import Inputs
import Tensors

/// A model's weights and configuration: a Hugging Face folder with safetensors, or a GGUF file.
public struct Checkpoint: Sendable {
    /// The folder or file, as it was given.
    public let path: String
    public let config: ModelConfig
    /// Every file that was read and decides the weights: config.json, index and shards, or the GGUF file.
    public let files: [String]
    /// The GGUF file with its metadata (tokenizer, chat template); nil for a folder.
    public let gguf: GGUFFile?
    /// By Hugging Face name.
    private let tensors: [String: TensorView]

    /// Opens a checkpoint and checks headers and configuration; weights are mapped, not read.
    public init(_ path: String) throws {
        switch try InputKind.detect(path) {
        case .modelFolder:
            self.path = path
            gguf = nil
            let configPath = path + "/config.json"
            let text = try Document.contents(of: configPath)
            let document = try Document(json: text, file: configPath)
            try JSONNames.refuseRepeated(JSONNames.names(in: text, file: configPath), place: configPath)
            config = try ModelConfig(huggingFace: document)
            let weights = try FolderWeights(path)
            tensors = weights.tensors
            files = [configPath] + weights.files
        case .ggufFile:
            let file = try GGUFFile(path)
            self.path = path
            gguf = file
            config = try ModelConfig(gguf: file)
            tensors = try file.huggingFaceTensors(config)
            files = [path]
        case .adapterFolder:
            throw InputError(
                path, expected: "a model: a Hugging Face folder or a GGUF file", found: "an adapter folder",
                hint: "name it as an adapter, beside the model that it was trained on")
        }
    }

    /// The tensor with this Hugging Face name, such as `model.layers.3.self_attn.q_proj.weight`, for GGUF files too.
    ///
    /// Throws an `InputError` with file and tensor where it is missing, has another shape or cannot be widened.
    public func tensor(_ name: String, shape: [Int]) throws -> TensorView {
        guard let tensor = tensors[name] else {
            throw InputError("\(path): \(name)", expected: "a tensor of shape \(shape)", found: "no such tensor")
        }
        try tensor.require(shape: shape)
        return tensor
    }

    /// Whether there is a tensor with this Hugging Face name.
    public func hasTensor(_ name: String) -> Bool { tensors[name] != nil }

    /// The Hugging Face names of all tensors, in order.
    public var tensorNames: [String] { tensors.keys.sorted() }
}
