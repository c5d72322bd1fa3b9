/// Whether means differ from zero, or from each other, latent by latent.
struct MeanTest {
    private let latents: Int
    private let isPaired: Bool
    /// Mean, t, degrees of freedom and the mean in standard deviations; t is 0 where nothing varies.
    private let each: (Int) -> (mean: Double, t: Double, degreesOfFreedom: Double, size: Double)

    /// One-sample t of the differences of `count` pairs.
    init(pairs: PromptMoments, count: Int) {
        latents = pairs.counts.count
        isPaired = true
        each = { latent in
            let (mean, deviation) = pairs.meanAndDeviation(latent, prompts: count)
            guard deviation > 0 else { return (mean, 0, 1, 0) }
            return (mean, mean / (deviation / Double(count).squareRoot()), Double(count - 1), mean / deviation)
        }
    }

    /// Welch's t of two independent groups (1947), with the degrees of freedom of Satterthwaite (1946).
    init(_ plus: PromptMoments, of plusCount: Int, against minus: PromptMoments, of minusCount: Int) {
        latents = plus.counts.count
        isPaired = false
        each = { latent in
            let a = plus.meanAndDeviation(latent, prompts: plusCount)
            let b = minus.meanAndDeviation(latent, prompts: minusCount)
            let mean = a.mean - b.mean
            guard plusCount > 1, minusCount > 1, a.deviation > 0 || b.deviation > 0 else { return (mean, 0, 1, 0) }
            // Standard errors of both means, as shares of theirs together: no square of a small one is lost.
            let errors = (a.deviation / Double(plusCount).squareRoot(), b.deviation / Double(minusCount).squareRoot())
            let larger = max(errors.0, errors.1)
            let (x, y) = (errors.0 / larger, errors.1 / larger)
            let sum = x * x + y * y
            let (u, v) = (x * x / sum, y * y / sum)
            let degrees = 1 / (u * u / Double(plusCount - 1) + v * v / Double(minusCount - 1))
            return (mean, mean / (larger * sum.squareRoot()), degrees, 0)
        }
    }

    /// `delta`, `t`, `p` (two-sided), `q` (over the latents that fired, 1 for the others) and, of pairs, `cohens_d`.
    func columns(fired: [Int]) -> [(String, [Double])] {
        var mean = [Double](repeating: 0, count: latents)
        var (t, size) = (mean, mean)
        var p = [Double](repeating: 1, count: latents)
        var q = p
        for latent in fired {
            let found = each(latent)
            (mean[latent], t[latent], size[latent]) = (found.mean, found.t, found.size)
            guard found.t != 0 else { continue }
            p[latent] = StudentT.twoSided(found.t, degreesOfFreedom: found.degreesOfFreedom)
        }
        for (latent, value) in zip(fired, FalseDiscovery.qValues(fired.map { p[$0] })) { q[latent] = value }
        return [("delta", mean), ("t", t), ("p", p), ("q", q)] + (isPaired ? [("cohens_d", size)] : [])
    }
}
