import Work

/// What near-duplicates have in common: the tokens up to and with the exemplar. A causal model sees no others.
enum TextKey {
    /// Tokens that are compared.
    static let length = 8

    /// The key of the token at `position` of a sequence.
    static func of(_ ids: [UInt32], at position: Int) -> UInt64 {
        ids[max(0, position + 1 - length)...position].reduce(0) { key, id in
            SplitMix64.mix((key ^ UInt64(id)) &+ SplitMix64.increment)
        }
    }
}
