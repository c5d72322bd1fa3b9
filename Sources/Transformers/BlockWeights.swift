import Checkpoints
import Compute

/// Where a projection group's parts stand: rows of one widened matrix, in this order.
///
/// Projections that read the same input are widened one below the other, so that one product computes them all.
enum ProjectionGroup: Int, CaseIterable {
    case queryKeyValue, output, gateUp, down

    /// Module names below `model.layers.N.`, with each one's rows.
    func parts(_ config: ModelConfig) -> [(module: String, rows: Int)] {
        let queries = config.headCount * config.headSize
        let keys = config.keyValueHeadCount * config.headSize
        return switch self {
        case .queryKeyValue:
            [("self_attn.q_proj", queries), ("self_attn.k_proj", keys), ("self_attn.v_proj", keys)]
        case .output: [("self_attn.o_proj", config.hiddenSize)]
        case .gateUp: [("mlp.gate_proj", config.intermediateSize), ("mlp.up_proj", config.intermediateSize)]
        case .down: [("mlp.down_proj", config.hiddenSize)]
        }
    }

    /// Rows of all parts together: the width of what the group gives.
    func rows(_ config: ModelConfig) -> Int { parts(config).reduce(0) { $0 + $1.rows } }

    /// Width of what the group reads.
    func inner(_ config: ModelConfig) -> Int {
        switch self {
        case .queryKeyValue, .gateUp: config.hiddenSize
        case .output: config.headCount * config.headSize
        case .down: config.intermediateSize
        }
    }
}

/// The tensors of one block, still in the stored type.
struct BlockTensors: Sendable {
    let groups: [[TensorView]]
    let attentionNorm: TensorView
    let mlpNorm: TensorView

    /// Finds the tensors of block `layer` and checks their shapes.
    init(_ checkpoint: Checkpoint, layer: Int) throws {
        let config = checkpoint.config
        let prefix = "model.layers.\(layer)."
        groups = try ProjectionGroup.allCases.map { group in
            try group.parts(config).map { part in
                try checkpoint.tensor(
                    "\(prefix)\(part.module).weight", shape: [part.rows, group.inner(config)])
            }
        }
        attentionNorm = try checkpoint.tensor("\(prefix)input_layernorm.weight", shape: [config.hiddenSize])
        mlpNorm = try checkpoint.tensor("\(prefix)post_attention_layernorm.weight", shape: [config.hiddenSize])
    }
}

/// The weights of one block in float32, packed for products; reused from block to block, so that a model needs one
/// widened block of memory.
final class BlockWeights {
    /// Rows widened by one piece of work.
    private static let rowsPerPiece = 64

    private let config: ModelConfig
    /// Empty until the first block is loaded.
    private var groups: [PackedMatrix] = []
    /// One piece of rows for each thread, before they are packed.
    private var pieces: [FloatBuffer] = []
    private(set) var attentionNorm = FloatBuffer(0)
    private(set) var mlpNorm = FloatBuffer(0)

    init(config: ModelConfig) {
        self.config = config
    }

    /// The group's matrix [rows, inner].
    subscript(_ group: ProjectionGroup) -> PackedMatrix { groups[group.rawValue] }

    /// Widens a block's tensors, in parallel.
    func load(_ tensors: BlockTensors, threads: Threads) throws {
        if groups.isEmpty { reserve(threads) }
        try tensors.attentionNorm.widen(into: attentionNorm.all)
        try tensors.mlpNorm.widen(into: mlpNorm.all)
        for (matrix, parts) in zip(groups, tensors.groups) {
            var start = 0
            for tensor in parts {
                let rows = tensor.shape[0]
                let first = start
                try threads.tryForEach((rows + Self.rowsPerPiece - 1) / Self.rowsPerPiece) { piece, thread in
                    let from = piece * Self.rowsPerPiece
                    let range = from..<min(rows, from + Self.rowsPerPiece)
                    let widened = pieces[thread].pointer
                    try tensor.widenRows(
                        range, into: UnsafeMutableBufferPointer(start: widened, count: range.count * matrix.inner))
                    matrix.set(widened, first: first + from, count: range.count)
                }
                start += rows
            }
        }
    }

    private func reserve(_ threads: Threads) {
        groups = ProjectionGroup.allCases.map { PackedMatrix(columns: $0.rows(config), inner: $0.inner(config)) }
        let widest = groups.map(\.inner).max() ?? 0
        pieces = (0..<threads.count).map { _ in FloatBuffer(Self.rowsPerPiece * widest) }
        attentionNorm = FloatBuffer(config.hiddenSize)
        mlpNorm = FloatBuffer(config.hiddenSize)
    }
}
