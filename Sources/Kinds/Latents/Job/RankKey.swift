/// What latents are ranked by.
public enum RankKey: String, Sendable, Hashable, Codable, CaseIterable {
    /// Difference of the token means.
    case delta
    /// Mean over prompts of the difference a prompt.
    case promptDelta = "prompt_delta"
    /// One-sample t of the differences a prompt.
    case t
    /// Rise of the share of tokens with an activation above zero: `density_tuned - density_base`.
    case density

    /// The value of every latent.
    func values(in columns: LatentColumns) throws -> [Double] {
        switch self {
        case .delta, .promptDelta, .t:
            return try columns.required(rawValue)
        case .density:
            return try zip(columns.required("density_tuned"), columns.required("density_base")).map { $0 - $1 }
        }
    }
}
