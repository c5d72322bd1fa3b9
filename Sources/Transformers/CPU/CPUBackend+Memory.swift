import Compute
import Kernels
import Models

extension CPUBackend {
    public func memory(for taps: Set<Tap>) -> ForwardMemory {
        var memory = ForwardMemory()
        memory.adapters = adapterBytes
        let row = architecture.hiddenSize * MemoryLayout<Float>.stride
        // Ids, positions and offsets are small beside the streams.
        memory.perToken = (streamCount + mostCopies(taps)) * row + 64
        // The embedding alone needs nothing of a layer's, whose sizes no tensor has confirmed.
        if !store.loads.isEmpty {
            store.add(to: &memory)
            workspace.add(to: &memory, architecture: architecture, rank: largestRank, threads: threads)
            memory.perTokenOfLongest += rotary.bytesPerPosition
        }
        for other in others { memory.add(other.backend.memory(for: taps)) }
        return memory
    }

    /// The most taps of one layer that need rows of their own.
    private func mostCopies(_ taps: Set<Tap>) -> Int {
        Dictionary(grouping: taps.filter { TapBuffers.sites.contains($0.site) }, by: \.layer).values
            .reduce(0) { max($0, $1.count) }
    }
}

extension WeightStore {
    /// Weights, and the scratch in which they are widened.
    func add(to memory: inout ForwardMemory) {
        guard let largest = loads.map(\.storedBytes).max() else { return }
        memory.layerCount += loads.count
        memory.weights += LinearGroup.allCases.reduce(0) { $0 + Self.packedBytes($1, architecture) } + largest
        // Norms and biases are there in every layer.
        memory.scratch +=
            threads.count * Self.scratchFloats(architecture) * MemoryLayout<Float>.stride
            + loads.count * LayerVectors.byteCount(architecture)
    }
}

extension Workspace {
    /// What `reserve` takes, for adapters of this rank.
    func add(to memory: inout ForwardMemory, architecture: Architecture, rank: Int, threads: Threads) {
        let float = MemoryLayout<Float>.stride
        let headSize = architecture.attention.headSize
        let attention = kernels_attention_scratch(0, headSize)
        memory.scratch += threads.count * float * (ThreadScratch.Sizes(architecture, rank: rank).sum + attention)
        memory.perToken +=
            float * (LinearGroup.attentionInput.columns(architecture) + architecture.attention.queryWidth)
        memory.perTokenOfLongest += threads.count * float * (kernels_attention_scratch(1, headSize) - attention)
    }
}
