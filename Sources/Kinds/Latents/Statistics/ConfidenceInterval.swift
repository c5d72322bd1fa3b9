/// A 95 % interval for the mean over prompts of the difference a prompt, from what a bundle keeps of it.
///
/// `t` is the mean over its standard error, so that the standard error is the mean over `t`; the interval is the mean, give
/// or take `c` standard errors, with P(|T| ≥ c) = 0.05 for Student's T with `prompts − 1` degrees of freedom.
public struct ConfidenceInterval: Sendable, Hashable {
    public let low: Double
    public let high: Double

    /// For the columns `prompt_delta` and `t` of one latent. Nil where `t` is 0 or not finite, which says nothing of the
    /// standard error: the differences do not vary, or their mean is 0. `critical` is what `critical(prompts:)` gives.
    public init?(promptDelta: Double, t: Double, critical: Double) {
        guard t != 0, t.isFinite, promptDelta.isFinite, critical.isFinite else { return nil }
        let reach = abs(promptDelta / t) * critical
        (low, high) = (promptDelta - reach, promptDelta + reach)
    }

    /// The `c` for so many prompts; infinite for fewer than two.
    public static func critical(prompts: Int) -> Double {
        guard prompts > 1 else { return .infinity }
        return StudentT.critical(0.05, degreesOfFreedom: Double(prompts - 1))
    }
}

extension StudentT {
    /// The |t| that chance exceeds with probability `p`, which is above 0 and below 1: the largest one whose `twoSided` is
    /// not below `p`, found by halving, since `twoSided` falls as |t| grows.
    static func critical(_ p: Double, degreesOfFreedom df: Double) -> Double {
        var (low, high) = (0.0, 1.0)
        while twoSided(high, degreesOfFreedom: df) >= p, high < 1e300 { (low, high) = (high, high * 2) }
        while true {
            let middle = low + (high - low) / 2
            guard middle > low, middle < high else { return low }
            if twoSided(middle, degreesOfFreedom: df) >= p { low = middle } else { high = middle }
        }
    }
}
