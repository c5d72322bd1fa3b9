import Compute
import Inputs
import Kernels
import Synchronization

/// Encodes rows of the residual stream: pieces of rows in parallel. The result depends neither on the number of threads
/// nor on the way it is computed (`EncodingMethod`).
public final class Encoder {
    private let dictionary: SparseAutoencoder
    private let name: String
    private let threads: Threads
    private var method: any EncodingMethod
    private var isAdapted = false
    /// For each thread [rows per piece, stride]
    private let prepared: [FloatBuffer]
    /// Floats from one prepared row to the next.
    private let stride: Int

    /// Whether every pre-activation is computed.
    var computesAllProducts: Bool { method is DenseEncoding }

    /// Prepares scratch for each thread; `name` is the dictionary's in errors.
    public init(_ dictionary: SparseAutoencoder, name: String, threads: Threads) {
        self.dictionary = dictionary
        self.name = name
        self.threads = threads
        switch dictionary.weights {
        case .dense(let weights): method = DenseEncoding(dictionary, weights, threads: threads)
        case .bounded(let weights): method = BoundedEncoding(dictionary, weights, threads: threads)
        }
        let stride = Matrix.stride(for: dictionary.inputWidth)
        self.stride = stride
        prepared = (0..<threads.count).map { [method] _ in FloatBuffer(method.rowsPerPiece * stride) }
    }

    /// Activations of the rows `selected` of `residual` [tokens, d_in], in the order of `selected`.
    ///
    /// Throws `InputError` where a pre-activation is not finite: a NaN would pass for a latent that did not fire.
    public func encode(_ residual: UnsafeBufferPointer<Float>, selected: [Int]) throws -> Activations {
        let size = threads.blockSize(
            of: selected.count, atMost: method.rowsPerPiece, multipleOf: PackedMatrix.rowStep)
        if !isAdapted, !selected.isEmpty {
            let first = selected.prefix(size)
            prepare(residual, first, into: prepared[0].pointer)
            method.adapt(to: Matrix(prepared[0].pointer, stride: stride), rows: first.count, threads: threads)
            isAdapted = true
        }
        let pieces = Mutex<[Int: Activations]>([:])
        try threads.tryForEach((selected.count + size - 1) / size) { piece, thread in
            let rows = selected[piece * size..<min(selected.count, (piece + 1) * size)]
            prepare(residual, rows, into: prepared[thread].pointer)
            let x = Matrix(prepared[thread].pointer, stride: stride)
            guard let part = method.encode(x, rows: rows.count, thread: thread) else {
                throw InputError(
                    name, expected: "finite pre-activations", found: "infinities or NaNs",
                    hint: "the SAE's weights overflow float32 on these activations: is it made for this model?")
            }
            pieces.withLock { $0[piece] = part }
        }
        leaveBoundsIfSlow()
        return pieces.withLock { pieces in
            pieces.sorted { $0.key < $1.key }.reduce(into: Activations()) { $0.append($1.value) }
        }
    }

    /// Goes over to dense products where bounds turn out not to save enough.
    private func leaveBoundsIfSlow() {
        guard let bounded = method as? BoundedEncoding, !bounded.isWorthwhile,
            case .bounded(let weights) = dictionary.weights
        else { return }
        let packed = weights.packed(threads)
        dictionary.weights = .dense(packed)
        method = DenseEncoding(dictionary, packed, threads: threads)
    }

    /// Gathers the selected rows, normalised and without the input bias.
    private func prepare(
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
