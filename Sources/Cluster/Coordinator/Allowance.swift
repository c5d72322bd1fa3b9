/// How often something of a kind may happen: so many times at once, then once in so many seconds. Nobody must be able to fill
/// a disk with log lines or rows, and what one brings about as often as he likes must not hide everything else.
struct Allowance<Kind: Hashable> {
    /// Times that may come at once.
    let burst: Double
    /// Seconds until there may be another one.
    let seconds: Double

    private struct Rest {
        var times: Double
        var at: Double
        /// How often it was refused since it was allowed.
        var refused = 0
    }

    private var left: [Kind: Rest] = [:]

    /// Kinds that are kept before those are forgotten that have all of their times again.
    private static var mostKinds: Int { 4096 }

    /// Nothing taken yet.
    init(burst: Double = 20, seconds: Double = 1) {
        self.burst = burst
        self.seconds = seconds
    }

    /// Kinds that are kept.
    var kinds: Int { left.count }

    /// Takes one of a kind, at a time in seconds that does not go back; false where none is left.
    mutating func take(_ kind: Kind, at now: Double) -> Bool { takeCounting(kind, at: now) != nil }

    /// Takes one of a kind; returns how many were refused before it, nil where it is refused itself.
    mutating func takeCounting(_ kind: Kind, at now: Double) -> Int? {
        if left.count >= Self.mostKinds, left[kind] == nil {
            left = left.filter { $0.value.times + (now - $0.value.at) / seconds < burst }
        }
        var rest = left[kind] ?? Rest(times: burst, at: now)
        rest.times = min(burst, rest.times + (now - rest.at) / seconds)
        rest.at = now
        let refused = rest.times < 1 ? nil : rest.refused
        if refused == nil { rest.refused += 1 } else { (rest.times, rest.refused) = (rest.times - 1, 0) }
        left[kind] = rest
        return refused
    }
}
