/// Benjamini and Hochberg's q values (1995): `q(i) = min over k ≥ i of p(k) · m / k` over ascending p, at most 1.
enum FalseDiscovery {
    /// The q value of each p value.
    static func qValues(_ p: [Double]) -> [Double] {
        let order = p.indices.sorted { (p[$0], $0) < (p[$1], $1) }
        var q = p
        var least = 1.0
        for (rank, at) in order.enumerated().reversed() {
            least = min(least, p[at] * (Double(p.count) / Double(rank + 1)))
            q[at] = least
        }
        return q
    }
}
