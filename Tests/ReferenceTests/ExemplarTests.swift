import Evaluation
import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
import Work

@testable import Exemplars

/// Exemplars, lens and cosines of the real model pair against PyTorch (`scripts/goldens/exemplars.py`).
///
/// Activations are up to 37 and differ in the last places: 3e-5 is seen, 1e-4 is allowed. Logits are below 1, 2e-6 is seen
/// and 1e-5 allowed.
@Suite struct ExemplarTests {
    private static let latents = [482, 537, 1440, 2445, 2876]
    private static let (activationTolerance, lensTolerance) = (1e-4, 1e-5)

    /// Computed once for all tests.
    private static let job = Result { try ExemplarReference(latents: latents) }
    private let job: ExemplarReference
    private var golden: [String: TensorFile.Tensor] { job.golden }
    private var task: ExemplarsTask { job.task }
    private var sequences: [PromptTokens] { job.sequences }
    private var found: HookExemplars { job.found }
    private var geometry: HookGeometry { job.geometry }

    init() throws { job = try Self.job.get() }

    /// Activations of the golden file at a place, by model; its rows are all tokens but the first of each prompt.
    private func expected(_ latent: Int) throws -> [UInt64: [Double]] {
        let (base, tuned) = (
            try #require(golden["base.\(latent)"]?.floats), try #require(golden["tuned.\(latent)"]?.floats)
        )
        var places: [UInt64: [Double]] = [:]
        var row = 0
        for sequence in sequences {
            for position in sequence.ids.indices.dropFirst() {
                places[Exemplar.place(sequence.index, position)] = [Double(base[row]), Double(tuned[row])]
                row += 1
            }
        }
        #expect(row == base.count && row == tuned.count)
        return places
    }

    @Test("activations of whole windows, largest activations and counts")
    func activations() throws {
        var largest = LargestDifference()
        for (place, latent) in Self.latents.enumerated() {
            let (known, expected) = (found.latents[place], try expected(latent))
            for exemplar in known.exemplars {
                for offset in 0..<exemplar.width {
                    let position = exemplar.position - exemplar.before + offset
                    guard let wanted = expected[Exemplar.place(exemplar.sequence, position)] else { continue }
                    for model in 0...1 {
                        largest.add(
                            exemplar.activations[model * exemplar.width + offset], wanted[model],
                            at: "latent \(latent), sequence \(exemplar.sequence), token \(position)")
                    }
                }
            }
            for model in 0...1 {
                largest.add(
                    known.largest[model], try #require(expected.values.map { $0[model] }.max()),
                    at: "largest of latent \(latent)")
                let active = expected.values.count { $0[model] > 0 }
                #expect(known.histograms[model].reduce(0, +) == UInt64(active), "latent \(latent)")
            }
        }
        print("exemplars: activations, largest difference: \(largest)")
        #expect(largest.value < Self.activationTolerance)
    }

    @Test("no token that is left out of a group is stronger than those in it, but for its near-duplicates")
    func groups() throws {
        let keys = Dictionary(
            uniqueKeysWithValues: sequences.flatMap { sequence in
                sequence.ids.indices.map { position in
                    (Exemplar.place(sequence.index, position), TextKey.of(sequence.ids, at: position))
                }
            })
        var compared = 0
        for (place, latent) in Self.latents.enumerated() {
            let (known, expected) = (found.latents[place], try expected(latent))
            for (group, members) in known.picked(latent: latent, task.selection, rule: .sparse).groups {
                let chosen = members.map { known.exemplars[$0] }
                let values = try chosen.map { exemplar in
                    let peaks = try #require(expected[exemplar.place]).map { Float($0) }
                    return try #require(group.value(peaks, rule: .sparse), "\(group) of latent \(latent)")
                }
                for (value, next) in zip(values, values.dropFirst()) {
                    #expect(Double(value - next) > -Self.activationTolerance)
                }
                let (shown, last) = (Set(chosen.map(\.key)), values.last ?? 0)
                for (place, peaks) in expected {
                    guard let value = group.value(peaks.map { Float($0) }, rule: .sparse),
                        let key = keys[place], !shown.contains(key)
                    else { continue }
                    let isFull = members.count == task.selection.examples
                    #expect(isFull && Double(value - last) < Self.activationTolerance, "\(group) of latent \(latent)")
                    compared += 1
                }
            }
        }
        #expect(compared > 1000)
    }

    @Test("lens, its ends and its scale")
    func lens() throws {
        var largest = LargestDifference()
        let ids = try #require(golden["ids"]?.integers)
        let statistics = try #require(golden["lens.statistics"]?.doubles)
        for (place, latent) in Self.latents.enumerated() {
            let logits = Dictionary(uniqueKeysWithValues: zip(ids, try #require(golden["lens.\(latent)"]?.floats)))
            let (mean, deviation) = (statistics[2 * place], statistics[2 * place + 1])
            for (tokens, end) in [
                (geometry.latents[place].lens.highest, "highest"), (geometry.latents[place].lens.lowest, "lowest"),
            ] {
                let wanted = try #require(golden[end]?.integers)[place * 10..<(place + 1) * 10]
                #expect(tokens.map(\.id) == Array(wanted), "\(end) of latent \(latent)")
                for token in tokens {
                    let logit = Double(try #require(logits[token.id]))
                    largest.add(token.logit, logit - mean, at: "logit of \(token.id)")
                    largest.add(token.z, (logit - mean) / deviation, relativeTo: .value(10), at: "z of \(token.id)")
                }
            }
        }
        print("exemplars: lens, largest difference: \(largest)")
        #expect(largest.value < Self.lensTolerance)
    }

    @Test("cosines among the latents, and the nearest of the dictionary")
    func cosines() throws {
        var largest = LargestDifference()
        largest.add(geometry.cosines, try #require(golden["cosines"]?.floats), at: "cosines")
        let (nearest, cosines) = (
            try #require(golden["nearest"]?.integers), try #require(golden["nearest.cosines"]?.floats)
        )
        for place in Self.latents.indices {
            let range = place * 10..<(place + 1) * 10
            #expect(geometry.latents[place].neighbours.map(\.latent) == Array(nearest[range]))
            largest.add(geometry.latents[place].neighbours.map(\.cosine), Array(cosines[range]), at: "nearest")
        }
        print("exemplars: cosines, largest difference: \(largest)")
        #expect(largest.value < 1e-5)
    }
}
