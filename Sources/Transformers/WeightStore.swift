import Compute
import Models

/// The widened and packed weights of all models of a run: one block at a time, in one buffer for each projection group.
///
/// Tensors that are equal in several models are widened once, and what comes next is read ahead. Widened blocks do not
/// stay: to widen one takes a few hundredths of what it takes to compute thousands of tokens with it, from files that the
/// kernel has in memory for all workers of a machine, and a buffer that is used again and again stays in the caches of the
/// processor, which new memory for each block does not.
final class WeightStore {
    /// What a model has of its own in one block, in the order in which a run needs it.
    struct Block {
        let layer: Int
        let model: Int
        /// Projection groups that no earlier model has as well.
        let groups: [ProjectionGroup]
        /// Bytes as stored.
        let storedBytes: Int
    }

    private struct Place: Hashable {
        let layer: Int
        let model: Int
        let group: ProjectionGroup
    }

    /// Rows widened by one piece of work, which stand together in the group's matrix.
    private static let rowsPerPiece = ProjectionGroup.gateColumns

    /// Blocks in the order of a run.
    let blocks: [Block]
    private let models: [ModelTensors]
    private let shared: SharedWeights
    let config: ModelConfig
    let threads: Threads
    private let readAhead = ReadAhead()
    private var norms: [Int: BlockNorms] = [:]
    /// By group: what all blocks go through, and what it holds now.
    private var buffers: [ProjectionGroup: PackedMatrix] = [:]
    private var held: [ProjectionGroup: Place] = [:]
    /// One piece of rows for each thread, before they are packed.
    private var pieces: [FloatBuffer] = []

    /// Opens nothing yet; memory is taken as blocks are asked for.
    init(_ models: [ModelTensors], shared: SharedWeights, config: ModelConfig, threads: Threads) {
        self.models = models
        self.shared = shared
        self.config = config
        self.threads = threads
        blocks = shared.blocks.indices.flatMap { layer in
            models.indices.compactMap { model in
                let groups = ProjectionGroup.allCases.filter {
                    shared.blocks[layer][model].groups[$0.rawValue] == model
                }
                guard !groups.isEmpty else { return nil }
                let tensors = groups.flatMap { models[model].blocks[layer].groups[$0.rawValue] }
                return Block(
                    layer: layer, model: model, groups: groups,
                    storedBytes: tensors.reduce(0) { $0 + $1.byteCount })
            }
        }
    }

    /// Bytes of a projection group's packed weights.
    static func packedBytes(_ group: ProjectionGroup, _ config: ModelConfig) -> Int {
        PackedMatrix.byteCount(columns: group.columns(config), inner: group.inner(config))
    }

    /// Floats of the scratch in which one thread widens.
    static func scratchFloats(_ config: ModelConfig) -> Int {
        rowsPerPiece * (ProjectionGroup.allCases.map { $0.inner(config) }.max() ?? 0)
    }

    /// The weights of a model's block, good until the next call.
    func weights(layer: Int, model: Int) throws -> BlockWeights {
        let weights = BlockWeights(
            queryKeyValue: try matrix(layer, model, .queryKeyValue), output: try matrix(layer, model, .output),
            gateUp: try matrix(layer, model, .gateUp), down: try matrix(layer, model, .down),
            norms: try norms(layer, model))
        if let next = block(after: layer, model) {
            readAhead.start(next.groups.flatMap { models[next.model].blocks[next.layer].groups[$0.rawValue] })
        }
        return weights
    }

    private func norms(_ layer: Int, _ model: Int) throws -> BlockNorms {
        let key = layer * models.count + shared.blocks[layer][model].norms
        if let norms = norms[key] { return norms }
        let widened = try BlockNorms(models[model].blocks[layer])
        norms[key] = widened
        return widened
    }

    private func matrix(_ layer: Int, _ model: Int, _ group: ProjectionGroup) throws -> PackedMatrix {
        let owner = shared.blocks[layer][model].groups[group.rawValue]
        let place = Place(layer: layer, model: owner, group: group)
        let buffer = buffers[group] ?? PackedMatrix(columns: group.columns(config), inner: group.inner(config))
        buffers[group] = buffer
        guard held[group] != place else { return buffer }
        // Whatever comes of it, the buffer no longer holds what it did.
        held[group] = nil
        try load(place, into: buffer)
        held[group] = place
        return buffer
    }

    /// Reads, widens and packs a group's tensors, in parallel.
    private func load(_ place: Place, into matrix: PackedMatrix) throws {
        if pieces.isEmpty { pieces = (0..<threads.count).map { _ in FloatBuffer(Self.scratchFloats(config)) } }
        let tensors = models[place.model].blocks[place.layer].groups[place.group.rawValue]
        // Each tensor has pieces of its own.
        let counts = tensors.map { ($0.shape[0] + Self.rowsPerPiece - 1) / Self.rowsPerPiece }
        try threads.tryForEach(counts.reduce(0, +)) { piece, thread in
            var (tensor, piece) = (0, piece)
            while piece >= counts[tensor] {
                piece -= counts[tensor]
                tensor += 1
            }
            let from = piece * Self.rowsPerPiece
            let rows = from..<min(tensors[tensor].shape[0], from + Self.rowsPerPiece)
            let widened = pieces[thread].pointer
            try tensors[tensor].widenRows(
                rows, into: UnsafeMutableBufferPointer(start: widened, count: rows.count * matrix.inner))
            matrix.set(
                widened, first: place.group.column(part: tensor, row: from, config), count: rows.count)
        }
    }

    /// The block whose tensors are read next, after the last one the first again; nil where there is no other.
    private func block(after layer: Int, _ model: Int) -> Block? {
        guard blocks.count > 1, let current = blocks.lastIndex(where: { ($0.layer, $0.model) <= (layer, model) }) else {
            return nil
        }
        return blocks[(current + 1) % blocks.count]
    }
}
