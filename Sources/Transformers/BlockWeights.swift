import Compute
import Models
import Tensors

/// Projections that read the same input: one product computes them all.
enum ProjectionGroup: Int, CaseIterable {
    case queryKeyValue, output, gateUp, down

    /// Columns of gate that stand together, with those of up behind them: what SwiGLU makes one of is computed together, and
    /// need not leave the cache in between.
    static let gateColumns = PackedMatrix.columnAlignment

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

    /// Columns of the group's matrix: all parts' rows, of gate and up rounded up to whole `gateColumns`.
    func columns(_ config: ModelConfig) -> Int {
        guard self == .gateUp else { return parts(config).reduce(0) { $0 + $1.rows } }
        return (config.intermediateSize + Self.gateColumns - 1) / Self.gateColumns * Self.gateColumns * 2
    }

    /// The column of a part's row.
    func column(part: Int, row: Int, _ config: ModelConfig) -> Int {
        guard self == .gateUp else { return parts(config).prefix(part).reduce(0) { $0 + $1.rows } + row }
        let (piece, place) = row.quotientAndRemainder(dividingBy: Self.gateColumns)
        return (2 * piece + part) * Self.gateColumns + place
    }

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

/// The weights of one block in float32, packed for products.
struct BlockWeights {
    let queryKeyValue: PackedMatrix
    let output: PackedMatrix
    let gateUp: PackedMatrix
    let down: PackedMatrix
    let norms: BlockNorms

    /// The group's matrix [columns, inner].
    subscript(_ group: ProjectionGroup) -> PackedMatrix {
        switch group {
        case .queryKeyValue: queryKeyValue
        case .output: output
        case .gateUp: gateUp
        case .down: down
        }
    }

    /// Weights of the norm before attention.
    var attentionNorm: FloatBuffer { norms.attention }
    /// Weights of the norm before the feed-forward layer.
    var mlpNorm: FloatBuffer { norms.mlp }
}

/// A block's norm weights, [hidden] each: small enough to stay in memory for good.
struct BlockNorms {
    let attention: FloatBuffer
    let mlp: FloatBuffer

    init(_ tensors: BlockTensors) throws {
        attention = FloatBuffer(tensors.attentionNorm.elementCount)
        mlp = FloatBuffer(tensors.mlpNorm.elementCount)
        try tensors.attentionNorm.widen(into: attention.all)
        try tensors.mlpNorm.widen(into: mlp.all)
    }
}
