import Compute
import Kernels

/// How rows of the residual stream become what a dictionary's weights are multiplied with.
struct RowPreparation {
    private let dictionary: SparseAutoencoder
    /// Floats from one prepared row to the next.
    let stride: Int

    init(_ dictionary: SparseAutoencoder) {
        self.dictionary = dictionary
        stride = Matrix.stride(for: dictionary.inputWidth)
    }

    /// Gathers the rows `selected` of `residual` [tokens, d_in], normalised and without the input bias.
    func prepare(
        _ residual: UnsafeBufferPointer<Float>, _ selected: ArraySlice<Int>,
        into prepared: UnsafeMutablePointer<Float>
    ) {
        let width = dictionary.inputWidth
        guard let source = residual.baseAddress else { return }
        for (index, token) in selected.enumerated() {
            let row = prepared + index * stride
            row.update(from: source + token * width, count: width)
            switch dictionary.normalisation {
            case .none: break
            case .constantNorm: kernels_scale_to_norm(row, width)
            case .layerNorm: kernels_standardise(row, width)
            }
            if let inputBias = dictionary.inputBias { kernels_subtract(row, inputBias.pointer, width, row) }
        }
    }
}
