import Compute
import Dictionaries
import Evaluation
import Synchronization

/// Adds up the activations of each prompt's masked tokens, latent by latent, in token order and float64.
struct LatentAccumulator {
    /// Latents of the dictionary.
    let latentCount: Int
    /// Number of masks.
    let maskCount: Int

    /// Sparse sums for each mask, with one row per prompt.
    ///
    /// `activations` has one row for each of `masked.rows`.
    func sums(_ activations: Activations, masked: MaskedRows, threads: Threads) -> [LatentSums] {
        let scratch = (0..<threads.count).map { _ in DenseSums(latentCount) }
        let rows = Mutex<[Int: [Row]]>([:])
        threads.forEach(masked.tokens.count) { index, thread in
            let perMask = (0..<maskCount).map { mask in
                scratch[thread].row(activations, tokens: masked.tokens[index], bit: UInt8(1) << mask)
            }
            rows.withLock { $0[index] = perMask }
        }
        let collected = rows.withLock { $0 }
        return (0..<maskCount).map { mask in
            var sums = LatentSums()
            for index in masked.tokens.indices {
                for entry in collected[index]?[mask] ?? [] {
                    sums.append(latent: entry.latent, sum: entry.sum, active: entry.active)
                }
                sums.endRow()
            }
            return sums
        }
    }

    fileprivate typealias Row = [(latent: UInt32, sum: Double, active: UInt32)]
}

/// A dense row of sums, of which only the touched entries are read and cleared again.
private final class DenseSums {
    private var sums: [Double]
    private var active: [UInt32]
    private var touched: [UInt32] = []

    init(_ count: Int) {
        sums = Array(repeating: 0, count: count)
        active = Array(repeating: 0, count: count)
    }

    /// Sums over the tokens whose mask has the bit, in their order; ascending latents.
    func row(_ activations: Activations, tokens: [(place: Int, mask: UInt8)], bit: UInt8) -> LatentAccumulator.Row {
        for (row, mask) in tokens where mask & bit != 0 {
            for entry in activations.rowStarts[row]..<activations.rowStarts[row + 1] {
                let latent = Int(activations.latents[entry])
                if active[latent] == 0 { touched.append(activations.latents[entry]) }
                active[latent] += 1
                sums[latent] += Double(activations.values[entry])
            }
        }
        touched.sort()
        let result = touched.map { ($0, sums[Int($0)], active[Int($0)]) }
        for latent in touched {
            sums[Int(latent)] = 0
            active[Int(latent)] = 0
        }
        touched.removeAll(keepingCapacity: true)
        return result
    }
}
