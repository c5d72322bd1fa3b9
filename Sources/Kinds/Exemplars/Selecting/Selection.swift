import Evaluation
import Work

/// Which tokens of a latent are kept as exemplars.
///
/// Each group, and each interval of the sample, keeps its first tokens, no two of them at the end of the same text
/// (`TextKey`). What comes first in a union comes first in its parts. So exemplars of parts of a corpus merge to those of the
/// whole, in any order and however they are put together.
struct Selection: Sendable, Hashable, Codable {
    /// Tokens in each group.
    var examples: Int
    /// Sampled tokens in each interval of activations.
    var perInterval: Int
    /// What the sample is drawn with.
    var seed: UInt64

    /// A token that may be kept.
    struct Candidate {
        /// Sequence and position.
        var place: UInt64
        var key: UInt64
        /// Activations by model.
        var peaks: ArraySlice<Float>
    }

    /// A group or an interval of the sample, with the indices of its candidates, the first first.
    struct Picked: Sendable {
        var groups: [(group: ExemplarGroup, members: [Int])]
        /// By interval, those that are not empty, ascending.
        var sample: [(interval: Int, members: [Int])]

        /// All of them, ascending.
        var all: [Int] {
            Array(Set(groups.flatMap(\.members)).union(sample.flatMap(\.members))).sorted()
        }
    }

    /// Picks among a latent's candidates. `scale` is that of the latent's activations.
    func pick(
        _ candidates: [Candidate], latent: Int, models: Int, scale: ActivationScale, rule: ActivationRule
    ) -> Picked {
        let groups = ExemplarGroup.all(models: models, rule: rule)
        var best = groups.map { _ in BestTokens(examples) }
        var sample: [Int: BestTokens] = [:]
        let stream = SplitMix64.mix(seed &+ SplitMix64.increment) ^ UInt64(latent)
        for (index, candidate) in candidates.enumerated() {
            for (number, group) in groups.enumerated() {
                guard let value = group.value(candidate.peaks, rule: rule) else { continue }
                best[number].offer(
                    .init(
                        rank: BestTokens.rank(largestFirst: value), place: candidate.place, key: candidate.key,
                        index: index))
            }
            guard perInterval > 0 else { continue }
            let interval = scale.interval(
                of: Self.sampled(candidate.peaks), among: ActivationScale.intervals)
            // The key decides, so that a text that stands often is not drawn more often.
            let rank = SplitMix64.mix(SplitMix64.mix(stream &+ SplitMix64.increment) ^ candidate.key)
            sample[interval, default: BestTokens(perInterval)].offer(
                .init(rank: rank, place: candidate.place, key: candidate.key, index: index))
        }
        return Picked(
            groups: zip(groups, best).map { ($0, $1.tokens.map(\.index)) },
            sample: sample.sorted { $0.key < $1.key }.map { ($0.key, $0.value.tokens.map(\.index)) })
    }

    /// The activation that a token is sampled by: the one furthest from 0 of all models, the first of equals.
    static func sampled(_ peaks: some Sequence<Float>) -> Float {
        peaks.reduce(0) { abs($1) > abs($0) ? $1 : $0 }
    }
}
