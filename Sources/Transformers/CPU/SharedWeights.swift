import Models
import Tensors

/// A checkpoint's part of a forward pass: its tensors, still in the stored type.
struct ModelTensors {
    /// The checkpoint, for error messages.
    let path: String
    /// [vocabulary, hidden]
    let embedding: TensorView
    let layers: [LayerTensors]

    /// Finds the embedding and the tensors of the lowest `depth` layers, and checks their shapes.
    init(_ checkpoint: Checkpoint, depth: Int) throws {
        path = checkpoint.path
        embedding = try checkpoint.tensor(.embedding)
        layers = try (0..<depth).map { try LayerTensors(checkpoint, layer: $0) }
    }
}

/// Which models of a run have equal tensors. The owner of a tensor is the first model that has it.
struct SharedWeights {
    /// The owners of a model's tensors in one layer, as indices of models.
    struct Owners: Hashable {
        /// By group of linear layers: the matrices.
        var groups: [Int]
        /// Norms and biases.
        var vectors: Int
    }

    /// `embedding[model]` is the first model with an equal embedding.
    let embedding: [Int]
    /// `layers[layer][model]`
    let layers: [[Owners]]

    /// Compares stored types and bytes of all tensors, once; reading ends where two differ. `step` is called after each
    /// tensor; what it throws ends the comparison. Throws `InputError` where a file cannot be read.
    init(_ models: [ModelTensors], step: () throws -> Void) throws {
        embedding = try Self.firstEqual(models.map { [$0.embedding] }, step)
        layers = try (models.first?.layers ?? []).indices.map { index in
            let layers = models.map { $0.layers[index] }
            let groups = try LinearGroup.allCases.map { group in
                try Self.firstEqual(layers.map { $0.groups[group.rawValue] }, step)
            }
            let vectors = try Self.firstEqual(layers.map(\.vectors), step)
            return models.indices.map { model in Owners(groups: groups.map { $0[model] }, vectors: vectors[model]) }
        }
    }

    /// For each model the first one with the same tensors.
    private static func firstEqual(_ tensors: [[TensorView]], _ step: () throws -> Void) throws -> [Int] {
        var owners: [Int] = []
        for (model, mine) in tensors.enumerated() {
            // Only owners need to be asked: what is equal to another is equal to its owner.
            let owner = try owners.indices.first { other in
                try owners[other] == other
                    && zip(mine, tensors[other]).allSatisfy { mine, theirs in
                        try step()
                        return try mine.isStoredAs(theirs)
                    }
            }
            owners.append(owner ?? model)
        }
        return owners
    }
}
