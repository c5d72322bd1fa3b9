import Kernels

/// Collects the active latents of a chunk of rows while pre-activations come by, some latents at a time, lower latents
/// first.
struct Selection {
    private let activation: SparseAutoencoder.Activation
    fileprivate var rows: [Row]

    /// What one row has so far. For top-k the first `held` entries are a heap (see `kernels_top_k`).
    fileprivate struct Row {
        var latents: [UInt32]
        var values: [Float]
        var held = 0
    }

    init(_ activation: SparseAutoencoder.Activation, rows: Int) {
        self.activation = activation
        let room = if case .topK(let k) = activation { k } else { 0 }
        self.rows = Array(
            repeating: Row(latents: Array(repeating: 0, count: room), values: Array(repeating: 0, count: room)),
            count: rows)
    }

    /// Takes z [rows, count], the pre-activations of the latents from `first` on; may overwrite it.
    mutating func take(_ z: UnsafeMutablePointer<Float>, first: Int, count: Int) {
        for row in rows.indices {
            let z = z + row * count
            switch activation {
            case .topK(let k):
                rows[row].takeLargest(k, of: z, first: first, count: count)
            case .linear:
                rows[row].takeAll(z, first: first, count: count)
            case .relu:
                rows[row].takeAbove(z, threshold: nil, first: first, count: count)
            case .jumpReLU(let threshold):
                rows[row].takeAbove(z, threshold: threshold.pointer + first, first: first, count: count)
            case .gated(let gateBias, let magnitude, let magnitudeBias):
                kernels_gated(
                    z, gateBias.pointer + first, magnitude.pointer + first, magnitudeBias.pointer + first, count)
                rows[row].takeAbove(z, threshold: nil, first: first, count: count)
            }
        }
    }

    /// The activations, latents ascending within each row.
    func finish() -> Activations {
        var result = Activations()
        for row in rows {
            if case .topK = activation {
                for entry in (0..<row.held).sorted(by: { row.latents[$0] < row.latents[$1] }) {
                    result.latents.append(row.latents[entry])
                    result.values.append(row.values[entry])
                }
            } else {
                result.latents.append(contentsOf: row.latents)
                result.values.append(contentsOf: row.values)
            }
            result.rowStarts.append(result.latents.count)
        }
        return result
    }
}

extension Selection.Row {
    fileprivate mutating func takeLargest(_ k: Int, of z: UnsafePointer<Float>, first: Int, count: Int) {
        held = kernels_top_k(z, count, UInt32(first), k, &values, &latents, held)
    }

    fileprivate mutating func takeAll(_ z: UnsafePointer<Float>, first: Int, count: Int) {
        values.append(contentsOf: UnsafeBufferPointer(start: z, count: count))
        latents.append(contentsOf: (first..<first + count).lazy.map(UInt32.init))
    }

    fileprivate mutating func takeAbove(
        _ z: UnsafePointer<Float>, threshold: UnsafePointer<Float>?, first: Int, count: Int
    ) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { values in
            withUnsafeTemporaryAllocation(of: UInt32.self, capacity: count) { latents in
                let found = kernels_above(
                    z, threshold, count, UInt32(first), values.baseAddress, latents.baseAddress)
                self.values.append(contentsOf: values[..<found])
                self.latents.append(contentsOf: latents[..<found])
            }
        }
    }
}
