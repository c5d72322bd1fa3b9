import Inputs
import Models

/// Whether two whole checkpoints can be compared.
public enum CheckpointFit {
    /// Throws if `tuned` is not a checkpoint of the same model as `base`.
    public static func check(_ tuned: Checkpoint, base: Checkpoint) throws {
        let (a, b) = (base.architecture, tuned.architecture)
        for (name, expected, found) in [
            ("hidden size", a.hiddenSize, b.hiddenSize), ("number of layers", a.layerCount, b.layerCount),
            ("vocabulary size", a.vocabularySize, b.vocabularySize),
        ] where expected != found {
            throw InputError(
                tuned.path, expected: "the base's \(name) \(expected)", found: "\(found)",
                hint: "base and tuned checkpoints must be of the same model", kind: .configuration)
        }
    }
}
