/// A place in a layer where the residual stream, or what is added to it, can be read.
public enum Site: String, Sendable, Hashable, Codable, CaseIterable {
    /// The residual stream that enters the layer.
    case residPre = "resid_pre"
    /// What attention adds to the stream.
    case attnOut = "attn_out"
    /// The residual stream between attention and the feed-forward layer.
    case residMid = "resid_mid"
    /// What the feed-forward layer adds to the stream.
    case mlpOut = "mlp_out"
    /// The residual stream that leaves the layer (Hugging Face `hidden_states[layer + 1]`).
    case residPost = "resid_post"

    /// How many layers must have run for this site of `layer`: those below it, and itself unless it is read before.
    public func layersNeeded(at layer: Int) -> Int { self == .residPre ? layer : layer + 1 }
}
