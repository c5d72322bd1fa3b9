import Compute
import Models

/// What a LoRA adapter adds to one layer: y += x · Aᵀ · Bᵀ for each group of linear layers that it touches.
///
/// The A matrices of a group's parts stand one below the other; B is block-diagonal and holds the scale, so that two
/// products serve the whole group: [rows, inputs] · [inputs, rank], then [rows, rank] · [rank, columns].
struct LayerAdapter {
    struct LowRank {
        /// [rank, inputs]; the rank is the sum of the parts' ranks.
        let a: PackedMatrix
        /// [columns, rank], multiplied by the adapter's scale.
        let b: PackedMatrix
    }

    private let groups: [LowRank?]
    /// The largest rank of any group, for scratch.
    var largestRank: Int { groups.reduce(0) { max($0, $1?.a.columns ?? 0) } }

    /// Widens the pairs of `layer`; nil where the adapter does not touch it.
    init?(_ adapter: LoRAAdapter, layer: Int, _ architecture: Architecture) throws {
        groups = try LinearGroup.allCases.map { try Self.lowRank(adapter, $0, layer: layer, architecture) }
        guard groups.contains(where: { $0 != nil }) else { return nil }
    }

    subscript(_ group: LinearGroup) -> LowRank? { groups[group.rawValue] }

    private static func lowRank(
        _ adapter: LoRAAdapter, _ group: LinearGroup, layer: Int, _ architecture: Architecture
    ) throws -> LowRank? {
        let linears = architecture.linears(of: group)
        let pairs = linears.map { architecture.names.path(of: $0, layer: layer).flatMap { adapter.pairs[$0] } }
        let rank = pairs.reduce(0) { $0 + ($1?.rank ?? 0) }
        guard rank > 0 else { return nil }
        let inner = architecture.inputWidth(of: group)
        let a = FloatBuffer(rank * inner)
        let columns = group.columns(architecture)
        let b = FloatBuffer(columns * rank)
        var firstRank = 0
        for (part, pair) in pairs.enumerated() {
            guard let pair else { continue }
            try pair.a.widen(
                into: UnsafeMutableBufferPointer(start: a.pointer + firstRank * inner, count: pair.rank * inner))
            let values = try pair.b.floats()
            for output in 0..<architecture.outputWidth(of: linears[part]) {
                let to = b.pointer + group.column(part: part, output: output, architecture) * rank + firstRank
                for column in 0..<pair.rank { to[column] = values[output * pair.rank + column] * pair.scale }
            }
            firstRank += pair.rank
        }
        let pair = LowRank(
            a: PackedMatrix(columns: rank, inner: inner), b: PackedMatrix(columns: columns, inner: rank))
        pair.a.set(a.pointer, first: 0, count: rank)
        pair.b.set(b.pointer, first: 0, count: columns)
        return pair
    }

    /// Bytes of its packed factors.
    var byteCount: Int {
        groups.reduce(0) { sum, pair in
            guard let pair else { return sum }
            return sum
                + [pair.a, pair.b].reduce(0) { $0 + PackedMatrix.byteCount(columns: $1.columns, inner: $1.inner) }
        }
    }
}
