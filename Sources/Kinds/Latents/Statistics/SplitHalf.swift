import Inputs

/// Whether a ranking found on one half of the prompts holds on the other.
///
/// A prompt belongs to half A when the lowest bit of the first byte of SHA-256 of its id is 0, otherwise to half B: the
/// halves depend on nothing but the ids. The latents that half A ranks first are tested on half B, which had no say in
/// choosing them.
public struct SplitHalf: Sendable, Hashable {
    /// Prompts in each half.
    public var promptsA: Int
    public var promptsB: Int
    /// Latents tested: the first of half A's ranking, among those that fired on half A.
    public var tested: Int
    /// Of those: the same sign of `prompt_delta`, not zero, in both halves.
    public var sameSign: Int
    /// Of those with the same sign: two-sided p in half B below 0.05.
    public var pBelow: Int
    /// Of those with the same sign: Benjamini–Hochberg q in half B, over the latents tested, below 0.05.
    public var qBelow: Int
    /// Spearman's correlation of `delta` in the halves over all latents that fired; nil where it does not vary.
    public var spearman: Double?

    /// True for a prompt of half B.
    static func isInB(_ id: String) -> Bool {
        Digest(of: id).bytes[0] & 1 == 1
    }

    /// Ranks by `rank.by` in half A, takes `rank.top` latents and tests them in half B.
    init(a: PromptSample, b: PromptSample, columnsA: LatentColumns, columnsB: LatentColumns, rank: JobSpec.Rank) throws
    {
        let firedInA = Set(a.fired)
        let chosen = Ranking.order(try rank.by.column.values(in: columnsA)).lazy.filter(firedInA.contains).prefix(
            rank.top)
        let (meanA, meanB) = (try columnsA.required("prompt_delta"), try columnsB.required("prompt_delta"))
        guard a.prompts > 0, b.prompts > 0 else {
            // With all prompts in one half there is nothing to test on.
            (promptsA, promptsB, tested, sameSign, pBelow, qBelow, spearman) = (a.prompts, b.prompts, 0, 0, 0, 0, nil)
            return
        }
        let p = try columnsB.required("p")
        let q = FalseDiscovery.qValues(chosen.map { p[$0] })
        promptsA = a.prompts
        promptsB = b.prompts
        (tested, sameSign, pBelow, qBelow) = (q.count, 0, 0, 0)
        for (latent, q) in zip(chosen, q) {
            let (left, right) = (meanA[latent], meanB[latent])
            guard left > 0 && right > 0 || left < 0 && right < 0 else { continue }
            sameSign += 1
            if p[latent] < 0.05 { pBelow += 1 }
            if q < 0.05 { qBelow += 1 }
        }
        let (deltaA, deltaB) = (try columnsA.required("delta"), try columnsB.required("delta"))
        let both = firedInA.union(b.fired).sorted()
        spearman = Spearman.correlation(both.map { deltaA[$0] }, both.map { deltaB[$0] })
    }
}
