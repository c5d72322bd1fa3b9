/// Sums of one checkpoint over prompts, a value a latent.
struct CheckpointSums: Sendable {
    /// Activations over all masked tokens.
    private(set) var sums: [Double]
    /// Masked tokens with an activation above zero.
    private(set) var active: [UInt64]

    init(latents: Int) {
        sums = [Double](repeating: 0, count: latents)
        active = [UInt64](repeating: 0, count: latents)
    }

    /// Takes sums as they were; both arrays have a value a latent.
    init(sums: [Double], active: [UInt64]) {
        self.sums = sums
        self.active = active
    }

    /// Adds a prompt: row `row` of `table`.
    mutating func add(_ table: LatentSums, row: Int) {
        for entry in table.rowStarts[row]..<table.rowStarts[row + 1] {
            let latent = Int(table.latents[entry])
            sums[latent] += table.sums[entry]
            active[latent] += UInt64(table.active[entry])
        }
    }

    /// Both together.
    static func + (left: CheckpointSums, right: CheckpointSums) -> CheckpointSums {
        var both = left
        for latent in both.sums.indices {
            both.sums[latent] += right.sums[latent]
            both.active[latent] += right.active[latent]
        }
        return both
    }
}

/// Mean and variance of `d(p, j)` over prompts, a value a latent, in one pass and memory that does not grow with prompts.
///
/// Only prompts with `d ≠ 0` are met (Welford's update); the others are merged at the end as a set of zeros (Chan, Golub
/// and LeVeque, 1983). So a latent that differs by the same amount on every prompt has a variance of exactly 0, and one
/// that never differs a mean of exactly 0.
struct PromptMoments: Sendable {
    private(set) var counts: [UInt32]
    private(set) var means: [Double]
    /// Sums of squared distances from the mean.
    private(set) var squares: [Double]

    init(latents: Int) {
        counts = [UInt32](repeating: 0, count: latents)
        means = [Double](repeating: 0, count: latents)
        squares = [Double](repeating: 0, count: latents)
    }

    /// Takes moments as they were; all arrays have a value a latent.
    init(counts: [UInt32], means: [Double], squares: [Double]) {
        self.counts = counts
        self.means = means
        self.squares = squares
    }

    /// Adds a prompt's difference, which is not zero.
    mutating func add(_ difference: Double, latent: Int) {
        counts[latent] += 1
        let distance = difference - means[latent]
        means[latent] += distance / Double(counts[latent])
        squares[latent] += distance * (difference - means[latent])
    }

    /// Both together.
    static func + (left: PromptMoments, right: PromptMoments) -> PromptMoments {
        var both = left
        for latent in both.counts.indices where right.counts[latent] > 0 {
            both.merge(
                latent, count: right.counts[latent], mean: right.means[latent], squares: right.squares[latent])
        }
        return both
    }

    /// Mean and standard deviation (of a sample, n − 1) of a latent over `prompts` prompts.
    func meanAndDeviation(_ latent: Int, prompts: Int) -> (mean: Double, deviation: Double) {
        let met = Double(counts[latent])
        let zeros = Double(prompts) - met
        guard met > 0 else { return (0, 0) }
        let mean = zeros > 0 ? means[latent] * met / Double(prompts) : means[latent]
        let square = squares[latent] + means[latent] * means[latent] * met * zeros / Double(prompts)
        return (mean, prompts > 1 ? (square / Double(prompts - 1)).squareRoot() : 0)
    }

    private mutating func merge(_ latent: Int, count: UInt32, mean: Double, squares other: Double) {
        let (n, m) = (Double(counts[latent]), Double(count))
        let distance = mean - means[latent]
        means[latent] += distance * (m / (n + m))
        squares[latent] += other + distance * distance * (n * m / (n + m))
        counts[latent] += count
    }
}
