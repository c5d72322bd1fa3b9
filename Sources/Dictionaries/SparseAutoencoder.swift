import Compute
import Inputs

/// The encoder half of a sparse autoencoder, in float32.
///
/// z = (normalise(x) − input bias) · W + bias, then the activation rule. How a file format comes to these parts is the
/// business of its loader (`SAELensFolder`).
public final class SparseAutoencoder {
    /// What happens to a row before the encoder sees it.
    public enum Normalisation: Sendable, Hashable {
        case none
        /// Each row is scaled to length √d_in.
        case constantNorm
        /// Each row is standardised, (x − mean) / (sd + 1e-5) with d_in − 1 in sd's denominator.
        case layerNorm
    }

    /// How pre-activations z become activations.
    public enum Activation {
        /// max(z, 0)
        case relu
        /// The k largest z of a row, of these the positive ones; ties go to the lower latent.
        case topK(Int)
        /// z where z > threshold and z > 0; one threshold per latent.
        case jumpReLU(threshold: FloatBuffer)
        /// z · magnitude + magnitudeBias, at least 0, where z + gateBias > 0; z without bias.
        case gated(gateBias: FloatBuffer, magnitude: FloatBuffer, magnitudeBias: FloatBuffer)
    }

    /// Width of the residual stream it reads.
    public let inputWidth: Int
    /// Number of latents.
    public let latentCount: Int
    let normalisation: Normalisation
    let activation: Activation
    /// [d_sae, d_in]
    let weights: PackedMatrix
    /// [d_sae]
    let bias: FloatBuffer
    /// [d_in], subtracted from each row; nil for none.
    let inputBias: FloatBuffer?

    init(
        inputWidth: Int, latentCount: Int, normalisation: Normalisation, activation: Activation, weights: PackedMatrix,
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
}
