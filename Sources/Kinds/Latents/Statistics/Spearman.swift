/// Spearman's rank correlation.
enum Spearman {
    /// Pearson's correlation of the ranks, ties sharing their average rank; nil where either side does not vary.
    static func correlation(_ left: [Double], _ right: [Double]) -> Double? {
        let (a, b) = (centredRanks(left), centredRanks(right))
        var (ab, aa, bb) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            ab += x * y
            aa += x * x
            bb += y * y
        }
        guard aa > 0, bb > 0 else { return nil }
        return max(-1, min(1, ab / (aa * bb).squareRoot()))
    }

    /// Average ranks less their mean.
    private static func centredRanks(_ values: [Double]) -> [Double] {
        let order = values.indices.sorted { values[$0] < values[$1] }
        var ranks = [Double](repeating: 0, count: values.count)
        var start = 0
        while start < order.count {
            var end = start + 1
            while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
            for at in order[start..<end] { ranks[at] = Double(start + end - values.count) / 2 }
            start = end
        }
        return ranks
    }
}
