/// How fast a job gets on, from what was seen of it alone: what was done before somebody looked says nothing about now.
///
/// Results come in steps. So the clock starts with the first step that is seen, and there is a rate once there was another:
/// up to the first one, nobody knows for how long it was under way.
public struct ProgressRate: Sendable {
    private var last: (tokens: Int, at: Double)?
    /// The first step that was seen.
    private var first: (tokens: Int, at: Double)?
    /// The longest time between two steps.
    private var longestPause = 0.0

    /// Nothing seen yet.
    public init() {}

    /// Notes how many tokens are done at a time in seconds that does not go back.
    public mutating func note(tokens: Int, at now: Double) {
        defer { if last?.tokens != tokens { last = (tokens, now) } }
        guard let last, tokens != last.tokens else { return }
        // Results that were taken back: what was measured is of another job, so to say.
        if tokens < last.tokens || first == nil { return first = (tokens, now) }
        longestPause = max(longestPause, now - last.at)
    }

    /// Tokens a second; nil as long as that is not known.
    public func perSecond(at now: Double) -> Double? {
        guard let first, let last, last.at > first.at, last.tokens > first.tokens else { return nil }
        // The next step takes as long as others did; only where it takes longer, things have become slower.
        let idle = now - last.at
        return Double(last.tokens - first.tokens) / (last.at - first.at + (idle > longestPause ? idle : 0))
    }
}
