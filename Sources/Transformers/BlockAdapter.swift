import Compute
import Models

/// What a LoRA adapter adds to one block: y += x · Aᵀ · Bᵀ for each projection group that it touches.
///
/// The A matrices of a group's parts stand one below the other; B is block-diagonal and holds the scale, so that two
/// products serve the whole group: [rows, inner] · [inner, rank], then [rows, rank] · [rank, columns].
struct BlockAdapter {
    struct LowRank {
        /// [rank, inner]; the rank is the sum of the parts' ranks.
        let a: PackedMatrix
        /// [columns, rank], multiplied by the adapter's scale.
        let b: PackedMatrix
    }

    private let groups: [LowRank?]
    /// The largest rank of any group, for scratch.
    var largestRank: Int { groups.reduce(0) { max($0, $1?.a.columns ?? 0) } }

    /// Widens the pairs of block `layer`; nil where the adapter does not touch it.
    init?(_ adapter: LoRAAdapter, layer: Int, config: ModelConfig) throws {
        groups = try ProjectionGroup.allCases.map { group in
            try Self.lowRank(adapter, group, prefix: "model.layers.\(layer).", config: config)
        }
        guard groups.contains(where: { $0 != nil }) else { return nil }
    }

    subscript(_ group: ProjectionGroup) -> LowRank? { groups[group.rawValue] }

    private static func lowRank(
        _ adapter: LoRAAdapter, _ group: ProjectionGroup, prefix: String, config: ModelConfig
    ) throws -> LowRank? {
        let parts = group.parts(config)
        let rank = parts.reduce(0) { $0 + (adapter.pairs[prefix + $1.module]?.rank ?? 0) }
        guard rank > 0 else { return nil }
        let inner = group.inner(config)
        let a = FloatBuffer(rank * inner)
        let columns = group.columns(config)
        let b = FloatBuffer(columns * rank)
        var firstRank = 0
        for (index, part) in parts.enumerated() {
            if let pair = adapter.pairs[prefix + part.module] {
                try pair.a.widen(
                    into: UnsafeMutableBufferPointer(start: a.pointer + firstRank * inner, count: pair.rank * inner))
                let values = try pair.b.floats()
                for row in 0..<part.rows {
                    let to = b.pointer + group.column(part: index, row: row, config) * rank + firstRank
                    for column in 0..<pair.rank { to[column] = values[row * pair.rank + column] * pair.scale }
                }
                firstRank += pair.rank
            }
        }
        let pair = LowRank(
            a: PackedMatrix(columns: rank, inner: inner), b: PackedMatrix(columns: columns, inner: rank))
        pair.a.set(a.pointer, first: 0, count: rank)
        pair.b.set(b.pointer, first: 0, count: columns)
        return pair
    }
}
