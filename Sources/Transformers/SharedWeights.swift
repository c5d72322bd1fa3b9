import Models
import Tensors

/// A checkpoint's part of a forward pass: its tensors, still in the stored type.
struct ModelTensors {
    /// The checkpoint, for error messages.
    let path: String
    /// [vocabulary, hidden]
    let embedding: TensorView
    let blocks: [BlockTensors]

    /// Finds the embedding and the blocks below `depth`, and checks their shapes.
    init(_ checkpoint: Checkpoint, depth: Int) throws {
        path = checkpoint.path
        embedding = try checkpoint.tensor(
            "model.embed_tokens.weight", shape: [checkpoint.config.vocabularySize, checkpoint.config.hiddenSize])
        blocks = try (0..<depth).map { try BlockTensors(checkpoint, layer: $0) }
    }
}

/// Which models of a run have equal tensors: each is counted as the first model's that has it.
struct SharedWeights {
    /// The owners of a model's tensors in one block: models, each the first whose tensors are equal.
    struct Owners: Hashable {
        /// By projection group.
        var groups: [Int]
        var norms: Int
    }

    /// `embedding[model]` is the first model with an equal embedding.
    let embedding: [Int]
    /// `blocks[layer][model]`
    let blocks: [[Owners]]

    /// Compares stored types and bytes of all tensors, once; reading ends where two differ. Throws `InputError` where
    /// a file cannot be read.
    init(_ models: [ModelTensors]) throws {
        embedding = try Self.firstEqual(models.map { [$0.embedding] })
        blocks = try (models.first?.blocks ?? []).indices.map { layer in
            let blocks = models.map { $0.blocks[layer] }
            let groups = try ProjectionGroup.allCases.map { group in
                try Self.firstEqual(blocks.map { $0.groups[group.rawValue] })
            }
            let norms = try Self.firstEqual(blocks.map { [$0.attentionNorm, $0.mlpNorm] })
            return models.indices.map { model in Owners(groups: groups.map { $0[model] }, norms: norms[model]) }
        }
    }

    /// For each model the first one with the same tensors.
    private static func firstEqual(_ tensors: [[TensorView]]) throws -> [Int] {
        var owners: [Int] = []
        for (model, mine) in tensors.enumerated() {
            // Only owners need to be asked: what is equal to another is equal to its owner.
            let owner = try owners.indices.first { other in
                try owners[other] == other && zip(mine, tensors[other]).allSatisfy { try $0.isStoredAs($1) }
            }
            owners.append(owner ?? model)
        }
        return owners
    }
}
