import Foundation
import TestSupport

/// The example SAE as a JumpReLU SAE: its weights and the golden threshold in one folder, removed with the object.
final class JumpReLUFolder {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    init() throws {
        folder = try TemporaryFolder()
        let goldens = "\(ReferenceKit.goldens)/jumprelu"
        try FileManager.default.copyItem(atPath: "\(goldens)/cfg.json", toPath: "\(path)/cfg.json")
        var weights = try TensorFile("\(ReferenceKit.persona)/sae/sae_weights.safetensors")
        weights.tensors.merge(try TensorFile("\(goldens)/threshold.safetensors").tensors) { $1 }
        try weights.write(to: "\(path)/sae_weights.safetensors")
    }
}
