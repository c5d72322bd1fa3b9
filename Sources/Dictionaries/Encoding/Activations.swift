import Kernels

/// Sparse activations of some rows: which latents are active at each row, and how strongly.
public struct Activations: Sendable {
    /// One more offset than rows; row `r` has the entries `rowStarts[r] ..< rowStarts[r + 1]`.
    public internal(set) var rowStarts: [Int] = [0]
    /// Latents of all rows, ascending within a row.
    public internal(set) var latents: [UInt32] = []
    /// Their activations: above zero, except under the rule `linear`.
    public internal(set) var values: [Float] = []

    /// Whether all activations are finite.
    var isFinite: Bool {
        values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return true }
            return kernels_all_finite(start, values.count)
        }
    }

    /// No rows.
    public init() {}

    /// Rows given as their entries, latents ascending.
    public init(rows: [[(latent: UInt32, value: Float)]]) {
        for row in rows {
            latents.append(contentsOf: row.map(\.latent))
            values.append(contentsOf: row.map(\.value))
            rowStarts.append(latents.count)
        }
    }

    /// Adds a row with the entries for whose index `isActive` returns true.
    mutating func appendRow(_ latents: [UInt32], _ values: [Float], where isActive: (Int) -> Bool) {
        for index in latents.indices where isActive(index) {
            self.latents.append(latents[index])
            self.values.append(values[index])
        }
        rowStarts.append(self.latents.count)
    }

    /// Puts the rows of `other` behind these.
    mutating func append(_ other: Activations) {
        let start = latents.count
        rowStarts.append(contentsOf: other.rowStarts.dropFirst().map { $0 + start })
        latents.append(contentsOf: other.latents)
        values.append(contentsOf: other.values)
    }
}
