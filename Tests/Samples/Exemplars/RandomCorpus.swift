import Evaluation
import Inputs
import Prompts
import TestSupport

@testable import Exemplars

/// Sequences with activations of one latent under some models, made up: few values and few tokens, so that ties and
/// near-duplicates are many.
package struct RandomCorpus {
    package let task: ExemplarsTask
    package let sequences: [PromptTokens]
    /// By sequence, [models][tokens].
    package let activations: [[[Float]]]

    package var hook: ExemplarsTask.Hook { task.hooks[0] }

    package init(_ samples: inout Samples, rule: ActivationRule) {
        let models = samples.int(1...3)
        let task = Self.task(&samples, models: models, rule: rule)
        self.task = task
        let scale = Float(sign: .plus, exponent: samples.int(-3...9), significand: 1)
        sequences = (0..<samples.int(1...12)).map { index in
            let length = samples.int(1...30)
            let ids = (0..<length).map { _ in UInt32(samples.int(0...1)) }
            return PromptTokens(index: index, ids: ids, masks: ids.indices.map { $0 == 0 ? 0 : 1 })
        }
        activations = sequences.map { sequence in
            (0..<models).map { _ in
                sequence.ids.map { _ in
                    let lowest = rule == .linear ? -20 : -10
                    return scale * Float(max(rule == .linear ? lowest : 0, samples.int(lowest...20))) / 8
                }
            }
        }
    }

    package static func task(_ samples: inout Samples, models: Int, rule: ActivationRule, chosen: [Int] = [3])
        -> ExemplarsTask
    {
        let input = TaskInput(path: "/m", digest: Digest(of: "m"))
        return ExemplarsTask(
            base: input,
            tuned: (1..<models).map { TunedInput(name: "tuned\($0)", form: .adapter, input: input) },
            hooks: [
                .init(
                    point: HookPoint(layer: 1, site: .residPost), name: nil, dictionary: input, latents: 10, rule: rule,
                    chosen: chosen)
            ],
            selection: Selection(examples: samples.int(1...4), perInterval: samples.int(0...3), seed: 5),
            before: samples.int(0...5), after: samples.int(0...3), skipFirst: 1, maxNorm: nil, vocabulary: [[0, 2]])
    }

    /// What is known of some of the sequences, without any merging: every token is a candidate at once.
    package func known(_ members: some Sequence<Int>) -> HookExemplars {
        var found = HookExemplars(hook, models: task.modelCount)
        var latent = found.latents[0]
        var all: [Exemplar] = []
        for member in members.sorted() {
            let (sequence, rows) = (sequences[member], activations[member])
            for position in sequence.ids.indices where sequence.masks[position] == 1 {
                found.tokens += 1
                let window = Exemplar.window(
                    around: position, length: sequence.ids.count, before: task.before, after: task.after)
                let exemplar = Exemplar(
                    sequence: sequence.index, position: position, key: TextKey.of(sequence.ids, at: position),
                    before: position - window.lowerBound, width: window.count,
                    activations: rows.flatMap { $0[window] })
                if exemplar.peaks.contains(where: { $0 != 0 }) { all.append(exemplar) }
            }
        }
        guard !all.isEmpty else { return found }
        for exemplar in all {
            for (model, peak) in exemplar.peaks.enumerated() {
                latent.largest[model] = LatentExemplars.further(latent.largest[model], peak)
            }
        }
        let scale = ActivationScale(above: latent.largest.map(abs).max() ?? 0)
        latent.scale = scale
        let first = ActivationScale.firstBin(hook.rule)
        for exemplar in all {
            for (row, value) in (exemplar.peaks + [Selection.sampled(exemplar.peaks)]).enumerated() where value != 0 {
                latent.histograms[row][scale.interval(of: value, among: ActivationScale.bins) - first] += 1
            }
        }
        latent.exemplars = all
        latent.exemplars = latent.picked(latent: hook.chosen[0], task.selection, rule: hook.rule).all.map { all[$0] }
        found.latents[0] = latent
        return found
    }
}
