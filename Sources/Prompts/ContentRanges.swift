/// The parts of a text that are contents of messages, in which tokens are looked for.
struct ContentRanges {
    /// Without empty ones, in the order of the text. No two have a byte in common.
    private let ranges: [Range<Int>]

    init(_ contents: [Range<Int>]) {
        ranges = contents.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
    }

    /// Whether a token's bytes all lie in one content; a token without bytes lies in none.
    func contain(_ span: Range<Int>) -> Bool {
        guard !span.isEmpty else { return false }
        // The last one that begins no later than the token.
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].lowerBound <= span.lowerBound { low = middle + 1 } else { high = middle }
        }
        return low > 0 && span.upperBound <= ranges[low - 1].upperBound
    }
}
