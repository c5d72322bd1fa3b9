import Compute
import Inputs
import Kernels
import Synchronization

/// Encodes rows of the residual stream: blocks of rows in parallel, latents in chunks, dense pre-activations of one
/// chunk at a time. The result does not depend on the number of threads.
public final class Encoder {
    /// Latents of one product: its output stays in the cache until it has been selected from.
    private static let latentsPerChunk = 8 * PackedMatrix.columnAlignment

    private let dictionary: SparseAutoencoder
    private let name: String
    private let threads: Threads
    private let scratch: [Scratch]

    /// Memory of one thread.
    private struct Scratch {
        let rows = PackedMatrix.rowsPerBlock
        /// [rows per block, stride]
        let x: FloatBuffer
        /// Floats from one row of x to the next.
        let stride: Int
        /// [rows per block, latents per chunk]
        let z: FloatBuffer

        init(_ dictionary: SparseAutoencoder) {
            stride = Matrix.stride(for: dictionary.inputWidth)
            x = FloatBuffer(rows * stride)
            z = FloatBuffer(rows * min(Encoder.latentsPerChunk, dictionary.latentCount))
        }
    }

    /// Prepares scratch for each thread; `name` is the dictionary's in errors.
    public init(_ dictionary: SparseAutoencoder, name: String, threads: Threads) {
        self.dictionary = dictionary
        self.name = name
        self.threads = threads
        scratch = (0..<threads.count).map { _ in Scratch(dictionary) }
    }

    /// Activations of the rows `selected` of `residual` [tokens, d_in], in the order of `selected`.
    ///
    /// Throws `InputError` where a pre-activation is not finite: a NaN would pass for a latent that did not fire.
    public func encode(_ residual: UnsafeBufferPointer<Float>, selected: [Int]) throws -> Activations {
        let size = threads.blockSize(
            of: selected.count, atMost: PackedMatrix.rowsPerBlock, multipleOf: PackedMatrix.rowStep)
        let blocks = Mutex<[Int: Activations]>([:])
        try threads.tryForEach((selected.count + size - 1) / size) { piece, thread in
            let rows = selected[piece * size..<min(selected.count, (piece + 1) * size)]
            let part = try encodeBlock(residual, rows, scratch[thread])
            blocks.withLock { $0[piece] = part }
        }
        return blocks.withLock { blocks in
            blocks.sorted { $0.key < $1.key }.reduce(into: Activations()) { $0.append($1.value) }
        }
    }

    private func encodeBlock(
        _ residual: UnsafeBufferPointer<Float>, _ selected: ArraySlice<Int>, _ scratch: Scratch
    ) throws -> Activations {
        prepare(residual, selected, scratch)
        let rows = selected.count
        var selection = Selection(dictionary.activation, rows: rows)
        var first = 0
        while first < dictionary.latentCount {
            let count = min(Self.latentsPerChunk, dictionary.latentCount - first)
            dictionary.weights.multiply(
                Matrix(scratch.x.pointer, stride: scratch.stride), rows: rows, columns: first..<first + count,
                from: .bias(dictionary.bias.pointer + first), into: scratch.z.pointer, stride: count)
            guard kernels_all_finite(scratch.z.pointer, rows * count) else {
                throw InputError(
                    name, expected: "finite pre-activations", found: "infinities or NaNs",
                    hint: "the SAE's weights overflow float32 on these activations: is it made for this model?")
            }
            selection.take(scratch.z.pointer, first: first, count: count)
            first += count
        }
        return selection.finish()
    }

    /// Gathers the selected rows, normalised and without the input bias.
    private func prepare(_ residual: UnsafeBufferPointer<Float>, _ selected: ArraySlice<Int>, _ scratch: Scratch) {
        let width = dictionary.inputWidth
        guard let source = residual.baseAddress else { return }
        for (index, token) in selected.enumerated() {
            let row = scratch.x.pointer + index * scratch.stride
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
