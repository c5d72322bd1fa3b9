/// How fast a job gets on, from what was seen since somebody watches: what was done before says nothing about now.
///
/// Results come in steps, and nobody knows how long the first step took. So the clock starts with it, and there is a
/// rate from the second step on.
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
        // Results were taken back, so that what was measured is no longer true; or this is the first step.
        if tokens < last.tokens || first == nil { return first = (tokens, now) }
        longestPause = max(longestPause, now - last.at)
    }

    /// Tokens a second; nil as long as that is not known.
    public func perSecond(at now: Double) -> Double? {
        guard let first, let last, last.at > first.at, last.tokens > first.tokens else { return nil }
        // A pause counts only once it is longer than all before: until then the next step is not late.
        let idle = now - last.at
        return Double(last.tokens - first.tokens) / (last.at - first.at + (idle > longestPause ? idle : 0))
    }
}
