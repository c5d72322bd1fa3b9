import Compute
import Kernels

/// Pairs of a row and a latent that get bounds from float32 products. They are computed latent by latent, so that
/// weights come from memory once for all rows that need them.
struct PairBounds {
    /// One more offset than rows.
    private(set) var rowStarts: [Int] = [0]
    /// Latents of each row, ascending.
    private(set) var latents: [UInt32] = []
    /// Lower and upper bounds of each pair's pre-activation; NaN or infinite if a bound overflows.
    private(set) var lower: [Float] = []
    private(set) var upper: [Float] = []

    private var sorted: [kernels_bound_pair] = []
    private var starts: [UInt32] = []

    mutating func clear() {
        rowStarts.removeAll(keepingCapacity: true)
        rowStarts.append(0)
        latents.removeAll(keepingCapacity: true)
    }

    /// Adds a row with those latents of a list whose upper bound reaches `bar`.
    mutating func appendRow(_ list: kernels_candidates, from bar: Float) {
        for index in 0..<list.count where !(list.upper[index] < bar) { latents.append(list.latents[index]) }
        rowStarts.append(latents.count)
    }

    /// Computes the bounds of all pairs; `rows` begin with the first row, and so do their lengths.
    mutating func tighten(_ weights: BoundedWeights, _ rows: kernels_half_rows, lengths: UnsafePointer<Float>) {
        sort(latentCount: weights.latentCount)
        lower.resize(to: latents.count, 0)
        upper.resize(to: latents.count, 0)
        withUnsafePointer(to: weights.view) { view in
            withUnsafePointer(to: rows) { rows in
                kernels_bound_tighten(
                    view, weights.rows.pointer, rows, lengths, sorted, sorted.count, &lower, &upper)
            }
        }
    }

    /// The entries of a row.
    func entries(_ row: Int) -> Range<Int> { rowStarts[row]..<rowStarts[row + 1] }

    /// The k-th largest lower bound of a row; zero where fewer than k are above zero.
    func kthLower(_ row: Int, k: Int, heap: UnsafeMutablePointer<Float>) -> Float {
        let entries = entries(row)
        return lower.withUnsafeBufferPointer { values in
            values.baseAddress.map { kernels_kth_largest($0 + entries.lowerBound, entries.count, k, heap) } ?? 0
        }
    }

    /// Sorts the pairs by latent, by counting.
    private mutating func sort(latentCount: Int) {
        starts.resize(to: latentCount + 1, 0)
        for index in starts.indices { starts[index] = 0 }
        for latent in latents { starts[Int(latent) + 1] += 1 }
        for latent in 0..<latentCount { starts[latent + 1] += starts[latent] }
        sorted.resize(to: latents.count, kernels_bound_pair())
        for row in 0..<rowStarts.count - 1 {
            for slot in entries(row) {
                let latent = latents[slot]
                sorted[Int(starts[Int(latent)])] = kernels_bound_pair(
                    latent: latent, row: UInt32(row), slot: UInt32(slot))
                starts[Int(latent)] += 1
            }
        }
    }
}

extension Array where Element: BitwiseCopyable {
    /// Makes the array `count` long, with `filler` for what is new.
    fileprivate mutating func resize(to count: Int, _ filler: Element) {
        if self.count > count {
            removeLast(self.count - count)
        } else {
            append(contentsOf: repeatElement(filler, count: count - self.count))
        }
    }
}
