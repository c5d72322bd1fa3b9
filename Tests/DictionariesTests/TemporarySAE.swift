import Foundation
import TestSupport

/// A SAELens folder that a test writes itself; removed with the object.
final class TemporarySAE {
    private let folder: TemporaryFolder
    var path: String { folder.path }

    init(config: [String: Any], tensors: [String: (shape: [Int], values: [Float])]) throws {
        folder = try TemporaryFolder()
        var complete: [String: Any] = [
            "metadata": ["hook_name": "blocks.0.hook_resid_post", "sae_lens_version": "6.18.0"], "dtype": "float32",
        ]
        complete.merge(config) { $1 }
        try folder.write("cfg.json", try JSONSerialization.data(withJSONObject: complete))
        try TensorFile(tensors.mapValues { .init($0.values, shape: $0.shape) })
            .write(to: path + "/sae_weights.safetensors")
    }
}
