import Inputs

/// What latents can be ranked by: any column, or `density`, the rise of the share of active tokens.
public struct RankColumn: Sendable, Hashable {
    /// What a column's values say, which decides the end of the order that is read first.
    public enum Sense: Sendable, Hashable {
        /// How much something rose; below zero it fell.
        case change
        /// How large something is.
        case size
        /// How well chance explains it: the smallest comes first.
        case probability
    }

    /// The column's name, or `density`.
    public let name: String

    private static let density = RankKey.density.rawValue

    /// Takes any name; whether there is such a column shows when values are asked for.
    public init(_ name: String) {
        self.name = name
    }

    public var sense: Sense {
        if ["mean_base", "mean_tuned", "density_base", "density_tuned"].contains(name) { return .size }
        return name == "p" || name == "q" || name.hasPrefix("p_") || name.hasPrefix("q_") ? .probability : .change
    }

    /// The names that a result with these columns can be ranked by.
    public static func names(with columns: [String]) -> [String] {
        columns.contains("density_tuned") ? columns + [density] : columns
    }

    /// The value of every latent. Throws `InputError` where the column is not there.
    public func values(in columns: LatentColumns) throws -> [Double] {
        if name == Self.density, columns[name] == nil {
            return try zip(columns.required("density_tuned"), columns.required("density_base")).map { $0 - $1 }
        }
        return try columns.required(name)
    }
}
