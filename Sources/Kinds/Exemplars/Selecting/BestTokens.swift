/// The first tokens of an order, at most so many, with different keys; of tokens with one key the first of them.
struct BestTokens {
    /// What decides the order: `rank`, then `place`, both ascending.
    struct Token: Comparable {
        var rank: UInt64
        /// Sequence and position; unique.
        var place: UInt64
        var key: UInt64
        /// Where the caller finds it.
        var index: Int

        static func < (one: Token, other: Token) -> Bool { (one.rank, one.place) < (other.rank, other.place) }
    }

    let limit: Int
    /// In order.
    private(set) var tokens: [Token] = []

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Takes a token in, if it is among the first.
    mutating func offer(_ token: Token) {
        if tokens.count >= limit {
            guard let last = tokens.last, token < last else { return }
        }
        if let twin = tokens.firstIndex(where: { $0.key == token.key }) {
            guard token < tokens[twin] else { return }
            tokens.remove(at: twin)
        }
        tokens.insert(token, at: tokens.firstIndex { token < $0 } ?? tokens.count)
        if tokens.count > limit { tokens.removeLast() }
    }

    /// A rank by which larger numbers come first.
    static func rank(largestFirst value: Float) -> UInt64 {
        let bits = value.bitPattern
        let ascending = bits >> 31 == 1 ? ~bits : bits | 1 << 31
        return UInt64(~ascending)
    }
}
