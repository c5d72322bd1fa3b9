/// What a backend takes of memory, in bytes: what a plan must know before anything is computed.
public struct ForwardMemory: Sendable, Hashable {
    /// Adapters, which stay.
    public var adapters = 0
    /// Scratch of threads, norm weights and biases, however many tokens there are.
    public var scratch = 0
    /// For each token of a batch: residual streams, queries, keys and values, tapped rows.
    public var perToken = 0
    /// For each token of the longest sequence: scratch of attention, rotary tables.
    public var perTokenOfLongest = 0
    /// Weights: buffers for one layer, and the next one as it is stored.
    public var weights = 0
    /// Layers of all models; what models have in common counts once.
    public var layerCount = 0

    /// Nothing.
    public init() {}

    /// Adds what another one takes at the same time.
    mutating func add(_ other: ForwardMemory) {
        adapters += other.adapters
        scratch += other.scratch
        perToken += other.perToken
        perTokenOfLongest += other.perTokenOfLongest
        weights += other.weights
        layerCount += other.layerCount
    }
}
