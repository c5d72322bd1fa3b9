/// What a tensor is to a model, whatever a checkpoint calls it.
public enum TensorSlot: Sendable, Hashable {
    case embedding, finalNorm, head
    case attentionNorm(layer: Int), feedForwardNorm(layer: Int)
    case weight(Linear, layer: Int), bias(Linear, layer: Int)
}

extension Architecture {
    /// Every tensor that a checkpoint of this model may have.
    var slots: [TensorSlot] {
        let linears = linears
        let inLayers = (0..<layerCount).flatMap { layer -> [TensorSlot] in
            [.attentionNorm(layer: layer), .feedForwardNorm(layer: layer)]
                + linears.map { .weight($0, layer: layer) }
                + linears.filter(biases.contains).map { .bias($0, layer: layer) }
        }
        return [.embedding, .finalNorm, .head] + inLayers
    }

    /// The shape of a tensor, outermost extent first.
    public func shape(of slot: TensorSlot) -> [Int] {
        switch slot {
        case .embedding, .head: [vocabularySize, hiddenSize]
        case .finalNorm, .attentionNorm, .feedForwardNorm: [hiddenSize]
        case .weight(let linear, _): [outputWidth(of: linear), inputWidth(of: linear.group)]
        case .bias(let linear, _): [outputWidth(of: linear)]
        }
    }
}
