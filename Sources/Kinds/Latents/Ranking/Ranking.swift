import Inputs

/// The latents that rose most and those that fell most.
public struct Ranking: Sendable, Hashable {
    /// One latent's line.
    public struct Row: Sendable, Hashable {
        public var latent: Int
        /// Of a latent that has one.
        public var name: String?
        /// In the order of `Ranking.names`.
        public var values: [Double]
    }

    /// What the latents are ranked by.
    public let by: RankKey
    /// Names of the columns.
    public let names: [String]
    /// Largest first; of equals the lower latent first.
    public let top: [Row]
    /// The end of the same order, read from the back: smallest first.
    public let bottom: [Row]

    /// Whether latents have names.
    public let hasNames: Bool

    /// Ranks all latents of a result and keeps `top` and `bottom` of them. `latentNames`, where there are any, are as many
    /// as the latents.
    public init(
        _ columns: LatentColumns, by: RankKey, top: Int, bottom: Int, latentNames: [String]? = nil
    ) throws {
        guard latentNames.map({ $0.count == columns.latents }) ?? true else {
            throw InputError(
                "result", expected: "\(columns.latents) names of latents", found: "\(latentNames?.count ?? 0)")
        }
        hasNames = latentNames != nil
        let order = Self.order(try by.values(in: columns))
        func rows(_ latents: some Sequence<Int>) -> [Row] {
            latents.map { Row(latent: $0, name: latentNames?[$0], values: columns.row($0)) }
        }
        self.by = by
        names = columns.names
        self.top = rows(order.prefix(top))
        self.bottom = rows(order.suffix(bottom).reversed())
    }

    /// Latents by value, largest first, ties by the lower latent.
    static func order(_ values: [Double]) -> [Int] {
        values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    }
}
