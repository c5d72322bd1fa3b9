import Compute
import Kernels

extension SparseAutoencoder {
    /// How pre-activations z become activations.
    public enum Activation {
        /// z itself, of either sign: every latent is active at every row.
        case linear
        /// max(z, 0)
        case relu
        /// The k largest z of a row, of these the positive ones; ties go to the lower latent.
        case topK(Int)
        /// z where z > threshold and z > 0; one threshold per latent.
        case jumpReLU(threshold: FloatBuffer)
        /// z · magnitude + magnitudeBias, at least 0, where z + gateBias > 0; z without bias.
        case gated(gateBias: FloatBuffer, magnitude: FloatBuffer, magnitudeBias: FloatBuffer)

        /// How many latents of a row can be active where a number limits that.
        var largestCount: Int? {
            if case .topK(let k) = self { k } else { nil }
        }

        /// What each latent's pre-activation must exceed for the latent to be active; nil for rules without such a
        /// value.
        func cut(latents: Int) -> FloatBuffer? {
            let cut = FloatBuffer(latents)
            switch self {
            case .topK, .linear: return nil
            case .relu: break
            case .jumpReLU(let threshold):
                for latent in 0..<latents { cut.pointer[latent] = max(threshold.pointer[latent], 0) }
            case .gated(let gateBias, _, _):
                for latent in 0..<latents { cut.pointer[latent] = -gateBias.pointer[latent] }
            }
            return cut
        }

        /// Appends a row with the active ones of `latents`, which ascend and include all that can be active. `z` holds
        /// their pre-activations; `heap` has room for k.
        func select(
            _ latents: [UInt32], _ z: [Float], heap: UnsafeMutablePointer<Float>, into result: inout Activations
        ) {
            var z = z
            switch self {
            case .linear: result.appendRow(latents, z) { _ in true }
            case .relu: result.appendRow(latents, z) { z[$0] > 0 }
            case .topK(let k):
                let bar = kernels_kth_largest(z, z.count, k, heap)
                // Of the values that equal the k-th largest, those of the lower latents count.
                var ties = bar > 0 ? k - z.reduce(0) { $0 + ($1 > bar ? 1 : 0) } : 0
                result.appendRow(latents, z) { index in
                    if z[index] == bar, ties > 0 {
                        ties -= 1
                        return true
                    }
                    return z[index] > bar
                }
            case .jumpReLU(let threshold):
                result.appendRow(latents, z) { z[$0] > 0 && z[$0] > threshold.pointer[Int(latents[$0])] }
            case .gated(let gateBias, let magnitude, let magnitudeBias):
                func gathered(_ buffer: FloatBuffer) -> [Float] { latents.map { buffer.pointer[Int($0)] } }
                kernels_gated(&z, gathered(gateBias), gathered(magnitude), gathered(magnitudeBias), z.count)
                result.appendRow(latents, z) { z[$0] > 0 }
            }
        }
    }
}
