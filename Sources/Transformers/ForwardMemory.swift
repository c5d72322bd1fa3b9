import Compute
import Kernels
import Models

/// What a backend takes of memory, in bytes: what a plan must know before anything is computed.
public struct ForwardMemory: Sendable, Hashable {
    /// Adapters, which stay.
    public var adapters = 0
    /// What stays of scratch and norm weights, however many tokens there are.
    public var scratch = 0
    /// For each token of a batch: residual streams, queries, keys and values.
    public var perToken = 0
    /// For each token of the longest sequence: scratch of attention, rotary tables.
    public var perTokenOfLongest = 0
    /// Weights: buffers for one block, and the next one as it is stored.
    public var weights = 0
    /// Blocks of all models; what models have in common counts once.
    public var blockCount = 0

    /// Nothing.
    public init() {}

    /// Adds what another one takes at the same time.
    mutating func add(_ other: ForwardMemory) {
        adapters += other.adapters
        scratch += other.scratch
        perToken += other.perToken
        perTokenOfLongest += other.perTokenOfLongest
        weights += other.weights
        blockCount += other.blockCount
    }
}

extension WeightStore {
    /// Weights, and the scratch in which they are widened.
    func add(to memory: inout ForwardMemory) {
        guard let largest = blocks.map(\.storedBytes).max() else { return }
        memory.blockCount += blocks.count
        memory.weights += ProjectionGroup.allCases.reduce(0) { $0 + Self.packedBytes($1, config) } + largest
        // Norms are there in every block.
        let norms = 2 * config.hiddenSize * MemoryLayout<Float>.stride
        memory.scratch +=
            threads.count * Self.scratchFloats(config) * MemoryLayout<Float>.stride + blocks.count * norms
    }
}

extension Workspace {
    /// What `reserve` takes, for adapters of this rank.
    func add(to memory: inout ForwardMemory, config: ModelConfig, rank: Int, threads: Threads) {
        let float = MemoryLayout<Float>.stride
        let attention = kernels_attention_scratch(0, config.headSize)
        memory.scratch += threads.count * float * (ThreadScratch.Sizes(config, rank: rank).sum + attention)
        memory.perToken +=
            float * (ProjectionGroup.queryKeyValue.columns(config) + ProjectionGroup.output.inner(config))
        memory.perTokenOfLongest +=
            threads.count * float * (kernels_attention_scratch(1, config.headSize) - attention)
    }
}

extension BlockAdapter {
    /// Bytes of its packed factors.
    var byteCount: Int {
        ProjectionGroup.allCases.reduce(0) { sum, group in
            guard let pair = self[group] else { return sum }
            return sum
                + [pair.a, pair.b].reduce(0) { $0 + PackedMatrix.byteCount(columns: $1.columns, inner: $1.inner) }
        }
    }
}
