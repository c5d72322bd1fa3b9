import Compute
import Models

/// The widened and packed weights of all models of a run: one layer at a time, in one buffer for each group of
/// linear layers.
///
/// Tensors that are equal in several models are widened once, and what comes next is read ahead. Widened layers are not
/// kept, because that gained nothing (docs/engine.md).
final class WeightStore {
    /// What a model has of its own in one layer.
    struct Load {
        let layer: Int
        let model: Int
        /// Groups of linear layers that no earlier model has as well.
        let groups: [LinearGroup]
        /// Bytes as stored.
        let storedBytes: Int
    }

    private struct Place: Hashable {
        let layer: Int
        let model: Int
        let group: LinearGroup
    }

    /// Rows widened by one piece of work, which stand together in the group's matrix.
    private static let rowsPerPiece = LinearGroup.gateColumns

    /// In the order in which a run needs them.
    let loads: [Load]
    private let models: [ModelTensors]
    private let shared: SharedWeights
    let architecture: Architecture
    let threads: Threads
    private let readAhead = ReadAhead()
    private var vectors: [Int: LayerVectors] = [:]
    /// By group: the buffer that all layers use in turn, and what it holds now.
    private var buffers: [LinearGroup: PackedMatrix] = [:]
    private var held: [LinearGroup: Place] = [:]
    /// One piece of rows for each thread, before they are packed.
    private var pieces: [FloatBuffer] = []

    /// Opens nothing yet; memory is taken as layers are asked for.
    init(_ models: [ModelTensors], shared: SharedWeights, architecture: Architecture, threads: Threads) {
        self.models = models
        self.shared = shared
        self.architecture = architecture
        self.threads = threads
        loads = shared.layers.indices.flatMap { layer in
            models.indices.compactMap { model in
                let groups = LinearGroup.allCases.filter {
                    shared.layers[layer][model].groups[$0.rawValue] == model
                }
                guard !groups.isEmpty else { return nil }
                let tensors = groups.flatMap { models[model].layers[layer].groups[$0.rawValue] }
                return Load(
                    layer: layer, model: model, groups: groups,
                    storedBytes: tensors.reduce(0) { $0 + $1.byteCount })
            }
        }
    }

    /// Bytes of a group's packed weights.
    static func packedBytes(_ group: LinearGroup, _ architecture: Architecture) -> Int {
        PackedMatrix.byteCount(columns: group.columns(architecture), inner: architecture.inputWidth(of: group))
    }

    /// Floats of the scratch in which one thread widens.
    static func scratchFloats(_ architecture: Architecture) -> Int {
        rowsPerPiece * (LinearGroup.allCases.map(architecture.inputWidth(of:)).max() ?? 0)
    }

    /// The weights of a model's layer, good until the next call.
    func weights(layer: Int, model: Int) throws -> LayerWeights {
        let weights = LayerWeights(
            attentionInput: try matrix(layer, model, .attentionInput),
            attentionOutput: try matrix(layer, model, .attentionOutput),
            feedForwardInput: try matrix(layer, model, .feedForwardInput),
            feedForwardOutput: try matrix(layer, model, .feedForwardOutput), vectors: try vectors(layer, model))
        if let next = load(after: layer, model) {
            readAhead.start(next.groups.flatMap { models[next.model].layers[next.layer].groups[$0.rawValue] })
        }
        return weights
    }

    private func vectors(_ layer: Int, _ model: Int) throws -> LayerVectors {
        let key = layer * models.count + shared.layers[layer][model].vectors
        if let vectors = vectors[key] { return vectors }
        let widened = try LayerVectors(models[model].layers[layer], architecture)
        vectors[key] = widened
        return widened
    }

    private func matrix(_ layer: Int, _ model: Int, _ group: LinearGroup) throws -> PackedMatrix {
        let owner = shared.layers[layer][model].groups[group.rawValue]
        let place = Place(layer: layer, model: owner, group: group)
        let buffer =
            buffers[group]
            ?? PackedMatrix(columns: group.columns(architecture), inner: architecture.inputWidth(of: group))
        buffers[group] = buffer
        guard held[group] != place else { return buffer }
        // Even if loading fails, the buffer no longer holds what it did.
        held[group] = nil
        try load(place, into: buffer)
        held[group] = place
        return buffer
    }

    /// Reads, widens and packs a group's tensors, in parallel.
    private func load(_ place: Place, into matrix: PackedMatrix) throws {
        if pieces.isEmpty { pieces = (0..<threads.count).map { _ in FloatBuffer(Self.scratchFloats(architecture)) } }
        let tensors = models[place.model].layers[place.layer].groups[place.group.rawValue]
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
                widened, first: place.group.column(part: tensor, output: from, architecture), count: rows.count)
        }
    }

    /// What is read next: after the last entry the first; nil if there is no other.
    private func load(after layer: Int, _ model: Int) -> Load? {
        guard loads.count > 1, let current = loads.lastIndex(where: { ($0.layer, $0.model) <= (layer, model) }) else {
            return nil
        }
        return loads[(current + 1) % loads.count]
    }
}
