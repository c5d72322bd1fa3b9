import Inputs

/// What the latents of a hook are in themselves, whatever text there is.
struct HookGeometry: Sendable, Hashable {
    /// Of those that are asked for.
    var latents: [LatentGeometry]
    /// [latents, latents], row-major: cosines of decoder rows.
    var cosines: [Float]
}

/// A latent's decoder row d: its neighbours, and what it writes.
struct LatentGeometry: Sendable, Hashable {
    /// Another latent of the dictionary.
    struct Neighbour: Sendable, Hashable {
        var latent: Int
        /// Of the two decoder rows.
        var cosine: Float
    }

    /// The direct path from the latent to the logits: W_U · (γ ⊙ d/|d|), γ the weight of the base's final norm.
    struct Lens: Sendable, Hashable {
        struct Token: Sendable, Hashable {
            var id: Int
            /// With the vocabulary's mean taken off.
            var logit: Float
            /// Standard deviations from the vocabulary's mean.
            var z: Float
        }

        /// Largest first.
        var highest: [Token]
        /// Smallest first.
        var lowest: [Token]

        init(highest: [Token], lowest: [Token]) {
            (self.highest, self.lowest) = (highest, lowest)
        }

        /// Keeps both ends of `logits`, of the `known` ids alone: ascending. Mean and deviation are theirs, too. Throws
        /// `InputError` where logits are not finite or do not vary.
        init(_ logits: [Float], known: [Int], tokens: Int, place: String) throws {
            let count = Double(max(1, known.count))
            let mean = known.reduce(0.0) { $0 + Double(logits[$1]) } / count
            let squares = known.reduce(0.0) { sum, id in
                let distance = Double(logits[id]) - mean
                return sum + distance * distance
            }
            let deviation = (squares / count).squareRoot()
            guard deviation.isFinite, deviation > 0 else {
                throw InputError(
                    place, expected: "an output matrix that tells tokens apart",
                    found: "a standard deviation of \(deviation) over the vocabulary", kind: .configuration)
            }
            var (highest, lowest) = (TopList(tokens), TopList(tokens))
            for id in known {
                highest.offer(id, logits[id])
                lowest.offer(id, -logits[id])
            }
            func token(_ id: Int) -> Token {
                let distance = Double(logits[id]) - mean
                return Token(id: id, logit: Float(distance), z: Float(distance / deviation))
            }
            self.init(highest: highest.entries.map { token($0.id) }, lowest: lowest.entries.map { token($0.id) })
        }
    }

    /// |d|
    var decoderNorm: Double
    /// Nearest first.
    var neighbours: [Neighbour]
    var lens: Lens
}
