/// What a job's rankings are by.
public enum RankKey: String, Sendable, Hashable, Codable, CaseIterable {
    /// Difference of the token means.
    case delta
    /// Mean over prompts of the difference a prompt.
    case promptDelta = "prompt_delta"
    /// One-sample t of the differences a prompt.
    case t
    /// Rise of the share of tokens with an activation above zero: `density_tuned - density_base`.
    case density

    public var column: RankColumn { RankColumn(rawValue) }
}
