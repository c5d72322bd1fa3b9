import Evaluation
/// What is known about one tuned checkpoint, hook and mask over some prompts: everything but the permutation test follows.
struct PromptSample: Sendable {
    var rule: ActivationRule
    var prompts: Int
    /// Masked tokens.
    var tokens: UInt64
    var base: CheckpointSums
    var tuned: CheckpointSums
    var differences: PromptMoments

    /// Both together.
    static func + (left: PromptSample, right: PromptSample) -> PromptSample {
        PromptSample(
            rule: left.rule, prompts: left.prompts + right.prompts, tokens: left.tokens + right.tokens,
            base: left.base + right.base,
            tuned: left.tuned + right.tuned, differences: left.differences + right.differences)
    }

    /// Latents that fired in either checkpoint, ascending; all of them where the rule is `linear`.
    var fired: [Int] {
        guard rule == .sparse else { return Array(base.active.indices) }
        return base.active.indices.filter { base.active[$0] > 0 || tuned.active[$0] > 0 }
    }

    /// Mean activations over all masked tokens.
    private var means: (base: [Double], tuned: [Double]) {
        let tokens = Double(max(1, self.tokens))
        return (base.sums.map { $0 / tokens }, tuned.sums.map { $0 / tokens })
    }

    /// By how much the mean activation rose.
    var delta: [Double] {
        let means = means
        return zip(means.tuned, means.base).map { $0 - $1 }
    }

    /// All columns that follow from one sample, `n` latents long:
    /// `mean_base`, `mean_tuned` (a masked token's mean activation), `delta` (their difference), `density_base`,
    /// `density_tuned` (share of masked tokens with an activation above zero; not for the rule `linear`), `prompt_delta` (mean over prompts of d),
    /// `t` (one-sample t of d, 0 where d does not vary), `p` (two-sided), `q` (over the latents that fired, 1 for the
    /// others) and `cohens_d` (`prompt_delta` in standard deviations).
    func columns() -> LatentColumns {
        let latents = base.sums.count
        var columns = LatentColumns(latents: latents)
        let means = means
        columns.append("mean_base", means.base)
        columns.append("mean_tuned", means.tuned)
        columns.append("delta", delta)
        if rule.hasDensities {
            columns.append("density_base", densities.base)
            columns.append("density_tuned", densities.tuned)
        }
        let fired = self.fired
        let effects = differences.effects(of: fired, prompts: prompts)
        var p = [Double](repeating: 1, count: latents)
        var q = p
        for latent in fired where effects.t[latent] != 0 {
            p[latent] = StudentT.twoSided(effects.t[latent], degreesOfFreedom: Double(prompts - 1))
        }
        for (latent, value) in zip(fired, FalseDiscovery.qValues(fired.map { p[$0] })) { q[latent] = value }
        columns.append("prompt_delta", effects.mean)
        columns.append("t", effects.t)
        columns.append("p", p)
        columns.append("q", q)
        columns.append("cohens_d", effects.size)
        return columns
    }

    /// What a ranking by `key` goes by: the values of `columns`, without the probabilities, which take most of the time.
    func values(of key: RankKey) -> [Double] {
        switch key {
        case .delta: delta
        case .promptDelta: differences.effects(of: fired, prompts: prompts).mean
        case .t: differences.effects(of: fired, prompts: prompts).t
        case .density: zip(densities.tuned, densities.base).map { $0 - $1 }
        }
    }

    /// Shares of masked tokens with an activation above zero.
    private var densities: (base: [Double], tuned: [Double]) {
        let tokens = Double(max(1, self.tokens))
        return (base.active.map { Double($0) / tokens }, tuned.active.map { Double($0) / tokens })
    }
}

extension PromptMoments {
    /// Of some latents over `prompts` prompts the mean of d, its t, and the mean in standard deviations. The last two are 0 where
    /// d does not vary, all are for other latents.
    fileprivate func effects(of latents: [Int], prompts: Int) -> (mean: [Double], t: [Double], size: [Double]) {
        var mean = [Double](repeating: 0, count: counts.count)
        var (t, size) = (mean, mean)
        for latent in latents {
            let (average, deviation) = meanAndDeviation(latent, prompts: prompts)
            mean[latent] = average
            guard deviation > 0 else { continue }
            size[latent] = average / deviation
            t[latent] = average / (deviation / Double(prompts).squareRoot())
        }
        return (mean, t, size)
    }
}
