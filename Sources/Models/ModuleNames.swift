/// What checkpoints call a model's modules. A module's tensors are called after it: `<module>.weight`, `<module>.bias`.
public struct ModuleNames: Sendable, Hashable {
    /// [vocabulary, hidden]
    public var embedding: String
    /// Layer N is the module `<layers>.N`.
    public var layers: String
    /// The norm after all layers.
    public var finalNorm: String
    /// The output matrix, [vocabulary, hidden]; there is no such tensor where the embedding is used.
    public var head: String
    /// Below a layer: the norms before attention and before the feed-forward layer.
    public var attentionNorm: String
    public var feedForwardNorm: String
    /// Below a layer, each [outputs, inputs].
    public var linears: [Linear: String]
    /// Modules that have no tensors and contain no others, of the model and below a layer: adapters may name them.
    public var weightless: [String]
    public var weightlessInLayer: [String]

    /// Takes the names.
    public init(
        embedding: String, layers: String, finalNorm: String, head: String, attentionNorm: String,
        feedForwardNorm: String, linears: [Linear: String], weightless: [String] = [], weightlessInLayer: [String] = []
    ) {
        (self.embedding, self.layers, self.finalNorm, self.head) = (embedding, layers, finalNorm, head)
        (self.attentionNorm, self.feedForwardNorm, self.linears) = (attentionNorm, feedForwardNorm, linears)
        (self.weightless, self.weightlessInLayer) = (weightless, weightlessInLayer)
    }

    /// The path of a linear layer; nil where there are no names for it.
    public func path(of linear: Linear, layer: Int) -> String? { linears[linear].map { "\(layers).\(layer).\($0)" } }

    /// The name of a tensor; nil where there are no names for it.
    public func name(of slot: TensorSlot) -> String? {
        switch slot {
        case .embedding: "\(embedding).weight"
        case .finalNorm: "\(finalNorm).weight"
        case .head: "\(head).weight"
        case .attentionNorm(let layer): "\(layers).\(layer).\(attentionNorm).weight"
        case .feedForwardNorm(let layer): "\(layers).\(layer).\(feedForwardNorm).weight"
        case .weight(let linear, let layer): path(of: linear, layer: layer).map { "\($0).weight" }
        case .bias(let linear, let layer): path(of: linear, layer: layer).map { "\($0).bias" }
        }
    }
}
