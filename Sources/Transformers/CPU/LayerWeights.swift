import Compute
import Models
import Tensors

/// The tensors of one layer, still in the stored type.
struct LayerTensors: Sendable {
    /// By group, the matrices of its linear layers.
    let groups: [[TensorView]]
    /// By group, the biases of its linear layers; nil for a layer without.
    let biases: [[TensorView?]]
    let attentionNorm: TensorView
    let feedForwardNorm: TensorView

    /// Finds the tensors of `layer` and checks their shapes.
    init(_ checkpoint: Checkpoint, layer: Int) throws {
        let architecture = checkpoint.architecture
        groups = try LinearGroup.allCases.map { group in
            try architecture.linears(of: group).map { try checkpoint.tensor(.weight($0, layer: layer)) }
        }
        biases = try LinearGroup.allCases.map { group in
            try architecture.linears(of: group).map {
                architecture.biases.contains($0) ? try checkpoint.tensor(.bias($0, layer: layer)) : nil
            }
        }
        attentionNorm = try checkpoint.tensor(.attentionNorm(layer: layer))
        feedForwardNorm = try checkpoint.tensor(.feedForwardNorm(layer: layer))
    }

    /// All tensors that are not matrices.
    var vectors: [TensorView] { [attentionNorm, feedForwardNorm] + biases.joined().compactMap { $0 } }
}

/// The weights of one layer in float32, its matrices packed for products.
struct LayerWeights {
    let attentionInput: PackedMatrix
    let attentionOutput: PackedMatrix
    let feedForwardInput: PackedMatrix
    let feedForwardOutput: PackedMatrix
    let vectors: LayerVectors

    /// The group's matrix [columns, inputs].
    subscript(_ group: LinearGroup) -> PackedMatrix {
        switch group {
        case .attentionInput: attentionInput
        case .attentionOutput: attentionOutput
        case .feedForwardInput: feedForwardInput
        case .feedForwardOutput: feedForwardOutput
        }
    }
}

/// A layer's norm weights and biases: small enough to stay in memory for good.
final class LayerVectors {
    /// [hidden] each.
    let attentionNorm: FloatBuffer
    let feedForwardNorm: FloatBuffer
    /// By group, one float for each column of its matrix; nil for a group without biases.
    private let biases: [FloatBuffer?]

    init(_ tensors: LayerTensors, _ architecture: Architecture) throws {
        attentionNorm = try Self.widened(tensors.attentionNorm)
        feedForwardNorm = try Self.widened(tensors.feedForwardNorm)
        biases = try LinearGroup.allCases.map { group in
            let parts = tensors.biases[group.rawValue]
            guard parts.contains(where: { $0 != nil }) else { return nil }
            // Linear layers without a bias in a group with one add zero.
            let bias = FloatBuffer(group.columns(architecture))
            for (part, tensor) in parts.enumerated() {
                for (output, value) in try (tensor?.floats() ?? []).enumerated() {
                    bias.pointer[group.column(part: part, output: output, architecture)] = value
                }
            }
            return bias
        }
    }

    private static func widened(_ tensor: TensorView) throws -> FloatBuffer {
        let buffer = FloatBuffer(tensor.elementCount)
        try tensor.widen(into: buffer.all)
        return buffer
    }

    func bias(_ group: LinearGroup) -> UnsafePointer<Float>? {
        biases[group.rawValue].map { UnsafePointer($0.pointer) }
    }

    /// Bytes of a layer's vectors.
    static func byteCount(_ architecture: Architecture) -> Int {
        let biased = LinearGroup.allCases.filter {
            architecture.linears(of: $0).contains(where: architecture.biases.contains)
        }
        let floats = 2 * architecture.hiddenSize + biased.reduce(0) { $0 + $1.columns(architecture) }
        return floats * MemoryLayout<Float>.stride
    }
}
