import Compute
import Inputs
import Kernels

/// The encoder half of a dictionary, in float32.
///
/// z = (normalise(x) − input bias) · W + bias, then the activation rule. Each format in `Formats/` makes these parts
/// from its files.
public final class SparseAutoencoder {
    /// What happens to a row before the encoder sees it.
    public enum Normalisation: Sendable, Hashable {
        case none
        /// Each row is scaled to length √d_in.
        case constantNorm
        /// Each row is standardised, (x − mean) / (sd + 1e-5) with d_in − 1 in sd's denominator.
        case layerNorm
    }

    /// How weights are laid out. It decides how activations are computed, and never what they are.
    public enum Layout: Sendable, Hashable, CaseIterable {
        case dense, bounded

        /// Bounds pay where there are many latents of which few are active, each of them a long product, and where the
        /// processor multiplies 8-bit numbers fast.
        static func fastest(for activation: Activation, latents: Int, width: Int) -> Layout {
            switch activation {
            case .relu, .linear: return .dense
            case .topK, .jumpReLU, .gated: break
            }
            guard kernels_bounds_are_fast(), width >= 256, latents >= 64 * max(activation.largestCount ?? 0, 64) else {
                return .dense
            }
            return .bounded
        }
    }

    /// The encoder's weights, laid out for the way in which they are used.
    enum Weights {
        /// For products with all latents.
        case dense(PackedMatrix)
        /// For products with those latents that can matter.
        case bounded(BoundedWeights)
        /// For products with all latents, read anew each time.
        case stored(StoredWeights)
        /// For products with all latents, packed anew each time: where bounds did not pay.
        case rows(LatentRows)
    }

    /// Width of the residual stream it reads.
    public let inputWidth: Int
    /// Number of latents.
    public let latentCount: Int
    let normalisation: Normalisation
    let activation: Activation
    /// [d_sae, d_in]
    var weights: Weights
    /// [d_sae]
    let bias: FloatBuffer
    /// [d_in], subtracted from each row; nil for none.
    let inputBias: FloatBuffer?

    init(
        inputWidth: Int, latentCount: Int, normalisation: Normalisation, activation: Activation, weights: Weights,
        bias: FloatBuffer, inputBias: FloatBuffer?
    ) {
        self.inputWidth = inputWidth
        self.latentCount = latentCount
        self.normalisation = normalisation
        self.activation = activation
        self.weights = weights
        self.bias = bias
        self.inputBias = inputBias
    }

    /// A dictionary of given weights: `rows` [latents, width], without normalisation or input bias. The weights are finite.
    public convenience init(
        rows: FloatBuffer, bias: FloatBuffer, activation: Activation, layout: Layout, threads: Threads
    ) {
        let (latents, width) = (bias.count, rows.count / max(bias.count, 1))
        let bounded = BoundedWeights(
            rows: rows, latents: latents, width: width, bias: bias, cut: activation.cut(latents: latents))
        self.init(
            inputWidth: width, latentCount: latents, normalisation: .none, activation: activation,
            weights: layout == .dense ? .dense(bounded.packed(threads)) : .bounded(bounded), bias: bias,
            inputBias: nil)
    }
}
