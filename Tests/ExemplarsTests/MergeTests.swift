import Evaluation
import ExemplarsSamples
import Foundation
import TestSupport
import Testing

@testable import Exemplars

/// Exemplars of parts of a corpus merge to those of the whole.
@Suite struct MergeTests {
    private static let rounds = Int(ProcessInfo.processInfo.environment["ACTDIFF_SEQUENCES"] ?? "") ?? 400

    @Test("parts merge in any order and grouping to the bytes of the whole", arguments: ActivationRule.allCases)
    func anyOrder(rule: ActivationRule) throws {
        var samples = Samples(seed: rule == .sparse ? 301 : 302)
        var kept = 0
        for round in 0..<Self.rounds {
            let corpus = RandomCorpus(&samples, rule: rule)
            let whole = corpus.known(corpus.sequences.indices)
            var parts = corpus.sequences.indices.map { corpus.known([$0]) }
            while parts.count > 1 {
                // Any two of them, in either order: every tree of merges comes up.
                let other = parts.remove(at: samples.int(0...parts.count - 1))
                let into = samples.int(0...parts.count - 1)
                parts[into].merge(other, of: corpus.hook, selection: corpus.task.selection)
            }
            #expect(parts[0] == whole, "round \(round)")
            #expect(
                try ExemplarsCodec.content(.texts(parts)).digest == ExemplarsCodec.content(.texts([whole])).digest)
            kept += whole.latents[0].exemplars.count
        }
        #expect(kept > Self.rounds * 3, "\(kept) exemplars in \(Self.rounds) rounds")
    }

    @Test("groups hold the largest of all tokens, each text once", arguments: ActivationRule.allCases)
    func groups(rule: ActivationRule) throws {
        var samples = Samples(seed: 303)
        for _ in 0..<Self.rounds {
            let corpus = RandomCorpus(&samples, rule: rule)
            let known = corpus.known(corpus.sequences.indices).latents[0]
            let picked = known.picked(latent: 3, corpus.task.selection, rule: rule)
            for (group, members) in picked.groups {
                let expected = Self.largest(group, in: corpus, rule: rule)
                let found = members.map { known.exemplars[$0] }
                #expect(found.map(\.place) == expected, "\(group)")
                #expect(Set(found.map(\.key)).count == found.count)
            }
        }
    }

    /// Sorts all tokens, and takes each text once.
    private static func largest(_ group: ExemplarGroup, in corpus: RandomCorpus, rule: ActivationRule) -> [UInt64] {
        var all: [(value: Float, place: UInt64, key: [UInt32])] = []
        for (sequence, rows) in zip(corpus.sequences, corpus.activations) {
            for position in sequence.ids.indices where sequence.masks[position] == 1 {
                let peaks = rows.map { $0[position] }
                guard peaks.contains(where: { $0 != 0 }), let value = group.value(peaks, rule: rule) else { continue }
                all.append(
                    (value, Exemplar.place(sequence.index, position), sequence.ids[...position].suffix(8).map { $0 }))
            }
        }
        all.sort { ($1.value, $0.place) < ($0.value, $1.place) }
        var seen: Set<[UInt32]> = []
        return all.filter { seen.insert($0.key).inserted }.prefix(corpus.task.selection.examples).map(\.place)
    }

    @Test("counts of a scale are those of the next, two bins in one")
    func coarser() {
        var samples = Samples(seed: 304)
        for rule in ActivationRule.allCases {
            for _ in 0..<200 {
                let values = samples.list(1...50) { samples in
                    Float(samples.int(rule == .linear ? -4000...4000 : 1...4000)) / 1000
                }.filter { $0 != 0 }
                guard let top = values.map(abs).max() else { continue }
                let fine = ActivationScale(above: top)
                let coarse = ActivationScale(exponent: fine.exponent + samples.int(0...9))
                #expect(
                    fine.coarsened(Self.counts(values, fine, rule), to: coarse, rule: rule)
                        == Self.counts(values, coarse, rule))
            }
        }
    }

    private static func counts(_ values: [Float], _ scale: ActivationScale, _ rule: ActivationRule) -> [UInt64] {
        var counts = [UInt64](repeating: 0, count: ActivationScale.binCount(rule))
        for value in values {
            counts[scale.interval(of: value, among: ActivationScale.bins) - ActivationScale.firstBin(rule)] += 1
        }
        return counts
    }

    @Test(
        "the top of a scale is the power of two above the largest activation",
        arguments: [
            (Float(1), 1), (0.999, 0), (36.8, 6), (64, 7), (.leastNonzeroMagnitude, -148),
            (.greatestFiniteMagnitude, 128),
        ])
    func scale(largest: Float, exponent: Int) {
        let scale = ActivationScale(above: largest)
        #expect(scale.exponent == exponent)
        #expect(
            (ActivationScale.bins / 2..<ActivationScale.bins).contains(
                scale.interval(of: largest, among: ActivationScale.bins)))
    }
}
