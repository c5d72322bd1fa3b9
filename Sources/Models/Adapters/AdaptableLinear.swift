/// A linear layer that an adapter may have a pair for: its path and the shape of its weight, [output, input].
struct AdaptableLinear {
    let path: String
    let output: Int
    let input: Int
}

extension Architecture {
    /// The linear layers of one layer.
    func linearLayers(of layer: Int) -> [AdaptableLinear] {
        linears.compactMap { linear in
            names.path(of: linear, layer: layer).map {
                AdaptableLinear(path: $0, output: outputWidth(of: linear), input: inputWidth(of: linear.group))
            }
        }
    }

    /// Every other module, which an adapter's configuration may name too: what holds a tensor, what contains another one,
    /// and what does neither.
    var otherModules: [String] {
        let layers = (0..<layerCount).map { "\(names.layers).\($0)" }
        let inner = [names.attentionNorm, names.feedForwardNorm] + names.weightlessInLayer
        let leaves =
            [names.embedding, names.finalNorm, names.head] + names.weightless
            + layers.flatMap { layer in inner.map { "\(layer).\($0)" } }
        let linears = (0..<layerCount).flatMap { linearLayers(of: $0).map(\.path) }
        return Set(leaves + (leaves + linears).flatMap(Self.containers)).sorted()
    }

    /// The modules that contain the one at `path`.
    private static func containers(_ path: String) -> [String] {
        path.indices.filter { path[$0] == "." }.map { String(path[..<$0]) }
    }
}
