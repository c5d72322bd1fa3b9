import Inputs

/// The latents that rose most and those that fell most.
public struct Ranking: Sendable, Hashable {
    /// One latent's line.
    public struct Row: Sendable, Hashable {
        public var latent: Int
        /// Of a latent that has one.
        public var name: String?
        /// What it is ranked by.
        public var value: Double
        /// In the order of `Ranking.names`.
        public var values: [Double]
    }

    /// What the latents are ranked by.
    public let by: RankColumn
    /// Names of the columns.
    public let names: [String]
    /// Largest first, but the smallest of probabilities; of equals the lower latent first.
    public let top: [Row]
    /// The end of the same order, read from the back.
    public let bottom: [Row]

    /// Whether latents have names.
    public let hasNames: Bool

    /// Ranks the latents of a result, all of them or those `among` them, and keeps `top` and `bottom` of them. `latentNames`,
    /// where there are any, are as many as the latents.
    public init(
        _ columns: LatentColumns, by: RankColumn, top: Int, bottom: Int, among: [Int]? = nil,
        latentNames: [String]? = nil
    ) throws {
        guard latentNames.map({ $0.count == columns.latents }) ?? true else {
            throw InputError(
                "result", expected: "\(columns.latents) names of latents", found: "\(latentNames?.count ?? 0)")
        }
        hasNames = latentNames != nil
        let values = try by.values(in: columns)
        var order = Self.order(by.sense == .probability ? values.map { -$0 } : values)
        if let among {
            let isMeant = Set(among)
            order.removeAll { !isMeant.contains($0) }
        }
        func rows(_ latents: some Sequence<Int>) -> [Row] {
            latents.map { Row(latent: $0, name: latentNames?[$0], value: values[$0], values: columns.row($0)) }
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
