import Inputs
import Work

/// The sign-flip permutation test of the mean of `d(p, j)`: were there no difference, each prompt's d would be as likely
/// with the other sign. `p = (1 + #{r : |S_r| ≥ |S|}) / (R + 1)`, where S is the sum over prompts and S_r the sum after
/// flip r (Phipson and Smyth, 2010, for the added ones).
///
/// It needs every d that is not zero until the end, 16 bytes each, which is why it is off unless a job asks for it.
struct SignFlips: Sendable {
    /// Most differences kept over all results of a job: 2 GiB.
    static let mostDifferences = 1 << 27

    /// Of each difference: the prompt's position among those that count.
    private(set) var prompts: [UInt32] = []
    private(set) var latents: [UInt32] = []
    private(set) var differences: [Double] = []

    /// Nothing kept yet.
    init() {}

    /// Takes differences as they were; all arrays have the same length.
    init(prompts: [UInt32], latents: [UInt32], differences: [Double]) {
        self.prompts = prompts
        self.latents = latents
        self.differences = differences
    }

    /// Differences kept so far.
    var count: Int { differences.count }

    mutating func add(_ difference: Double, prompt: Int, latent: Int) {
        prompts.append(UInt32(prompt))
        latents.append(UInt32(latent))
        differences.append(difference)
    }

    /// p of every latent after `permutations` flips; 1 for a latent that never differs. `check` is called before each flip;
    /// what it throws ends the test.
    func pValues(
        latents count: Int, prompts promptCount: Int, permutations: Int, seed: UInt64, check: () throws -> Void
    ) rethrows -> [Double] {
        var observed = [Double](repeating: 0, count: count)
        var size = observed
        for (latent, difference) in zip(latents, differences) {
            observed[Int(latent)] += difference
            size[Int(latent)] += abs(difference)
        }
        // A flip that gives |S| itself must count though its sum may round differently.
        let threshold = zip(observed, size).map { abs($0) - 1e-12 * $1 }
        var reached = [Int](repeating: 0, count: count)
        var sums = [Double](repeating: 0, count: count)
        for permutation in 0..<permutations {
            try check()
            let signs = Self.signs(seed: seed, permutation: permutation, prompts: promptCount)
            for latent in sums.indices { sums[latent] = 0 }
            for entry in differences.indices {
                sums[Int(latents[entry])] += signs[Int(prompts[entry])] * differences[entry]
            }
            for latent in sums.indices where abs(sums[latent]) >= threshold[latent] { reached[latent] += 1 }
        }
        return reached.map { Double($0 + 1) / Double(permutations + 1) }
    }

    /// The signs of one flip. Prompt p of flip r takes bit `p mod 64` of
    /// `mix(mix(mix(seed + G) + r + G) + p / 64 + G)`, where `mix` is the finalizer of `SplitMix64` and G its increment: a
    /// set bit is −1. The same for every latent, hook and mask.
    static func signs(seed: UInt64, permutation: Int, prompts: Int) -> [Double] {
        let increment = SplitMix64.increment
        let stream = SplitMix64.mix(SplitMix64.mix(seed &+ increment) &+ UInt64(permutation) &+ increment)
        var word: UInt64 = 0
        return (0..<prompts).map { prompt in
            if prompt % 64 == 0 { word = SplitMix64.mix(stream &+ UInt64(prompt / 64) &+ increment) }
            return word >> UInt64(prompt % 64) & 1 == 1 ? -1 : 1
        }
    }
}
