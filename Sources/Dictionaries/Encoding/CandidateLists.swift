import Kernels

/// For each of some rows, the latents that may matter, with an upper bound of each one's value. Lists grow as needed.
final class CandidateLists {
    /// What the kernels may write past the end of a list.
    private static let margin = 16

    /// One for each row.
    let rows: UnsafeMutablePointer<kernels_candidates>
    let count: Int
    private var capacities: [Int]

    /// Lists for `count` rows; with `k`, of the k largest.
    init(count: Int, k: Int) {
        self.count = count
        rows = .allocate(capacity: count)
        capacities = Array(repeating: 0, count: count)
        for row in 0..<count {
            let heap = UnsafeMutablePointer<Float>.allocate(capacity: max(k, 1))
            heap.initialize(repeating: 0, count: max(k, 1))
            rows[row] = kernels_candidates(latents: nil, upper: nil, count: 0, lower: heap, held: 0, k: k)
        }
    }

    deinit {
        for row in 0..<count {
            rows[row].latents?.deallocate()
            rows[row].upper?.deallocate()
            rows[row].lower?.deallocate()
        }
        rows.deallocate()
    }

    /// Empties the lists.
    func clear() {
        for row in 0..<count { (rows[row].count, rows[row].held) = (0, 0) }
    }

    /// Makes room for `more` latents in each of the first `count` lists.
    func reserve(_ more: Int, rows count: Int) {
        for row in 0..<count where rows[row].count + more + Self.margin > capacities[row] {
            let capacity = 2 * (rows[row].count + more + Self.margin)
            rows[row].latents = Self.moved(rows[row].latents, count: rows[row].count, to: capacity)
            rows[row].upper = Self.moved(rows[row].upper, count: rows[row].count, to: capacity)
            capacities[row] = capacity
        }
    }

    private static func moved<Element: BitwiseCopyable>(
        _ old: UnsafeMutablePointer<Element>?, count: Int, to capacity: Int
    ) -> UnsafeMutablePointer<Element> {
        let new = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        if let old {
            new.update(from: old, count: count)
            old.deallocate()
        }
        return new
    }

    /// A lower bound of the row's k-th largest value; zero while fewer than k are known.
    func bar(_ row: Int) -> Float {
        rows[row].held == rows[row].k ? rows[row].lower[0] : 0
    }

    /// The k-th largest upper bound of a row.
    func kthUpper(_ row: Int) -> Float {
        kernels_kth_largest(rows[row].upper, rows[row].count, rows[row].k, rows[row].lower)
    }

    /// Drops the latents of a row that cannot reach `bar`.
    func drop(_ row: Int, below bar: Float) {
        guard let latents = rows[row].latents, let upper = rows[row].upper else { return }
        var kept = 0
        for index in 0..<rows[row].count where !(upper[index] < bar) {
            latents[kept] = latents[index]
            upper[kept] = upper[index]
            kept += 1
        }
        rows[row].count = kept
    }
}
