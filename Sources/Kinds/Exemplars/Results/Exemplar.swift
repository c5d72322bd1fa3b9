import Evaluation

/// A token of the corpus, with the activations of one latent around it.
struct Exemplar: Sendable, Hashable {
    /// Index of the sequence in the job.
    var sequence: Int
    /// Position of the token in the sequence.
    var position: Int
    /// See `TextKey`.
    var key: UInt64
    /// Tokens of the window that stand before it.
    var before: Int
    /// Tokens of the window.
    var width: Int
    /// [models][width]: activations of all tokens of the window.
    var activations: [Float]

    /// Sequence and position as one number.
    var place: UInt64 { Self.place(sequence, position) }

    static func place(_ sequence: Int, _ position: Int) -> UInt64 {
        UInt64(UInt32(clamping: sequence)) << 32 | UInt64(UInt32(clamping: position))
    }

    /// The token's own activations by model.
    var peaks: [Float] { stride(from: before, to: activations.count, by: width).map { activations[$0] } }

    /// A window's tokens around `position` in a sequence of `length`.
    static func window(around position: Int, length: Int, before: Int, after: Int) -> Range<Int> {
        max(0, position - before)..<min(length, position + after + 1)
    }
}

/// What is known of one latent over some sequences.
struct LatentExemplars: Sendable, Hashable {
    /// Nil while the latent is silent in all models.
    var scale: ActivationScale?
    /// The largest activation by model; 0 where it is silent. For signed activations the one furthest from 0.
    var largest: [Float]
    /// Counts of activations other than 0 by model, and one more of what tokens are sampled by.
    var histograms: [[UInt64]]
    /// Ascending by place.
    var exemplars: [Exemplar] = []

    /// Silent.
    init(models: Int, rule: ActivationRule) {
        largest = Array(repeating: 0, count: models)
        histograms = Array(
            repeating: Array(repeating: 0, count: ActivationScale.binCount(rule)), count: models + 1)
    }

    /// Takes in what is known over other sequences.
    mutating func merge(_ other: LatentExemplars, latent: Int, selection: Selection, rule: ActivationRule) {
        guard let otherScale = other.scale else { return }
        guard let own = scale else {
            self = other
            return
        }
        let joint = ActivationScale(exponent: max(own.exponent, otherScale.exponent))
        for row in histograms.indices {
            let coarse = otherScale.coarsened(other.histograms[row], to: joint, rule: rule)
            histograms[row] = zip(own.coarsened(histograms[row], to: joint, rule: rule), coarse).map { $0 + $1 }
        }
        for model in largest.indices { largest[model] = Self.further(largest[model], other.largest[model]) }
        scale = joint
        exemplars = (exemplars + other.exemplars).sorted { $0.place < $1.place }
        exemplars = picked(latent: latent, selection, rule: rule).all.map { exemplars[$0] }
    }

    /// The one further from 0; of opposites the one above 0.
    static func further(_ one: Float, _ other: Float) -> Float {
        (abs(one), one) < (abs(other), other) ? other : one
    }

    /// Its exemplars by group and interval.
    func picked(latent: Int, _ selection: Selection, rule: ActivationRule) -> Selection.Picked {
        guard let scale else { return Selection.Picked(groups: [], sample: []) }
        let candidates = exemplars.map {
            Selection.Candidate(place: $0.place, key: $0.key, peaks: $0.peaks[...])
        }
        return selection.pick(candidates, latent: latent, models: largest.count, scale: scale, rule: rule)
    }
}

/// What is known of a hook's latents over some sequences.
struct HookExemplars: Sendable, Hashable {
    /// Tokens that count.
    var tokens: UInt64 = 0
    /// Tokens that would count but for their norm.
    var longTokens: UInt64 = 0
    /// Of those that are asked for.
    var latents: [LatentExemplars]

    /// Nothing seen yet.
    init(_ hook: ExemplarsTask.Hook, models: Int) {
        latents = Array(repeating: LatentExemplars(models: models, rule: hook.rule), count: hook.chosen.count)
    }

    /// Takes in what is known over other sequences.
    mutating func merge(_ other: HookExemplars, of hook: ExemplarsTask.Hook, selection: Selection) {
        tokens += other.tokens
        longTokens += other.longTokens
        for index in latents.indices {
            latents[index].merge(
                other.latents[index], latent: hook.chosen[index], selection: selection, rule: hook.rule)
        }
    }
}
