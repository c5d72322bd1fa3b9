import Evaluation
import Inputs
import Prompts

/// What must be true of exemplars that were found in some sequences.
struct ExemplarsCheck {
    private let task: ExemplarsTask
    private let sequences: [Int: PromptTokens]
    /// Tokens that may count.
    private let tokens: UInt64

    init(task: ExemplarsTask, work: ShardWork) {
        self.task = task
        sequences = Dictionary(work.prompts.map { ($0.index, $0) }) { first, _ in first }
        tokens = work.prompts.reduce(0) { sum, prompt in sum + UInt64(prompt.masks.count { $0 & 1 == 1 }) }
    }

    /// Throws `ByteError` for what cannot be.
    func check(_ found: HookExemplars, of hook: ExemplarsTask.Hook) throws {
        guard found.tokens <= tokens, found.longTokens == tokens - found.tokens else {
            throw ByteError(
                "tokens", expected: "\(tokens) in all", found: "\(found.tokens) and \(found.longTokens) too long")
        }
        for (latent, known) in zip(hook.chosen, found.latents) {
            do {
                try check(known, latent: latent, tokens: found.tokens, rule: hook.rule)
            } catch let error as ByteError {
                throw ByteError("latent \(latent): \(error.what)", expected: error.expected, found: error.found)
            }
        }
    }

    private func check(_ known: LatentExemplars, latent: Int, tokens: UInt64, rule: ActivationRule) throws {
        guard let scale = known.scale else { return }
        guard known.largest.allSatisfy(\.isFinite), let top = known.largest.map(abs).max(), top > 0,
            ActivationScale(above: top) == scale
        else {
            throw ByteError(
                "largest", expected: "finite activations below 2^\(scale.exponent)", found: "\(known.largest)")
        }
        try checkHistograms(known, scale, tokens: tokens, rule: rule)
        for (one, next) in zip(known.exemplars, known.exemplars.dropFirst()) where one.place >= next.place {
            throw ByteError("exemplars", expected: "ascending places", found: "\(next.place)")
        }
        for exemplar in known.exemplars { try check(exemplar, known, rule: rule) }
        for (model, largest) in known.largest.enumerated()
        where largest != 0 && !known.exemplars.contains(where: { $0.peaks[model] == largest }) {
            throw ByteError("exemplars", expected: "one with the largest activation, \(largest)", found: "none")
        }
        let picked = known.picked(latent: latent, task.selection, rule: rule).all
        guard picked.count == known.exemplars.count, !picked.isEmpty else {
            throw ByteError(
                "exemplars", expected: "those that groups and sample pick",
                found: "\(known.exemplars.count), of which they pick \(picked.count)")
        }
    }

    private func checkHistograms(
        _ known: LatentExemplars, _ scale: ActivationScale, tokens: UInt64, rule: ActivationRule
    ) throws {
        let first = ActivationScale.firstBin(rule)
        for (model, counts) in known.histograms.enumerated() {
            var sum: UInt64 = 0
            for count in counts {
                let (next, overflow) = sum.addingReportingOverflow(count)
                guard !overflow, next <= tokens else {
                    throw ByteError("histogram", expected: "at most \(tokens) tokens", found: "more")
                }
                sum = next
            }
            guard model < known.largest.count else { continue }
            let largest = known.largest[model]
            let bin = scale.interval(of: largest, among: ActivationScale.bins) - first
            guard (sum == 0) == (largest == 0), largest == 0 || counts.indices.contains(bin) && counts[bin] > 0 else {
                throw ByteError("histogram", expected: "a count where the largest activation is", found: "none")
            }
        }
    }

    private func check(_ exemplar: Exemplar, _ known: LatentExemplars, rule: ActivationRule) throws {
        guard let sequence = sequences[exemplar.sequence], sequence.ids.indices.contains(exemplar.position),
            sequence.masks[exemplar.position] & 1 == 1
        else {
            throw ByteError(
                "an exemplar", expected: "a token of the shard that counts",
                found: "token \(exemplar.position) of sequence \(exemplar.sequence)")
        }
        let window = Exemplar.window(
            around: exemplar.position, length: sequence.ids.count, before: task.before, after: task.after)
        guard exemplar.before == exemplar.position - window.lowerBound, exemplar.width == window.count,
            exemplar.key == TextKey.of(sequence.ids, at: exemplar.position)
        else {
            throw ByteError("an exemplar's window", expected: "\(window) and its key", found: "another")
        }
        guard exemplar.activations.allSatisfy({ $0.isFinite && (rule == .linear || $0 >= 0) }) else {
            throw ByteError("an activation", expected: "a finite number that the rule can give", found: "another")
        }
        for (peak, largest) in zip(exemplar.peaks, known.largest)
        where LatentExemplars.further(largest, peak) != largest {
            throw ByteError("an activation", expected: "at most \(largest)", found: "\(peak)")
        }
    }
}

/// What must be true of a hook's geometry.
struct GeometryCheck {
    let task: ExemplarsTask
    let hook: ExemplarsTask.Hook

    /// Throws `ByteError` for what cannot be.
    func check(_ geometry: HookGeometry) throws {
        guard geometry.latents.count == hook.chosen.count else {
            throw ByteError("latents", expected: "\(hook.chosen.count)", found: "\(geometry.latents.count)")
        }
        guard geometry.cosines.allSatisfy(Self.isCosine) else {
            throw ByteError("cosines", expected: "numbers from -1 to 1", found: "others")
        }
        for (latent, known) in zip(hook.chosen, geometry.latents) {
            guard known.decoderNorm.isFinite, known.decoderNorm > 0,
                known.neighbours.count <= DictionaryEvaluator.neighbours,
                known.neighbours.allSatisfy({
                    $0.latent < hook.latents && $0.latent != latent && Self.isCosine($0.cosine)
                }),
                zip(known.neighbours, known.neighbours.dropFirst()).allSatisfy({ $0.cosine >= $1.cosine })
            else { throw ByteError("neighbours of latent \(latent)", expected: "the nearest first", found: "others") }
            for tokens in [known.lens.highest, known.lens.lowest] { try check(tokens, latent) }
        }
    }

    private func check(_ tokens: [LatentGeometry.Lens.Token], _ latent: Int) throws {
        let isKnown = tokens.allSatisfy { token in
            task.vocabulary.contains { token.id >= $0[0] && token.id < $0[1] } && token.logit.isFinite
                && token.z.isFinite
        }
        guard isKnown else { throw ByteError("lens of latent \(latent)", expected: "known tokens", found: "others") }
    }

    /// Rounding may lead a little beyond.
    private static func isCosine(_ value: Float) -> Bool { abs(value) <= 1.001 }
}
