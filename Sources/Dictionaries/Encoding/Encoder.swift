import Compute
import Inputs
import Synchronization

/// Encodes rows of the residual stream. The result depends neither on the number of threads nor on the way it is computed.
public final class Encoder {
    private let dictionary: SparseAutoencoder
    private let name: String
    private let threads: Threads
    private var way: Way
    private var isAdapted = false
    private let preparation: RowPreparation

    /// Pieces of rows with all latents, or parts of the latents with all rows.
    private enum Way {
        /// For each thread [rows per piece, stride]
        case pieces(any EncodingMethod, prepared: [FloatBuffer])
        case parts(StreamedEncoding, rowsAtOnce: Int)
    }

    /// Whether every pre-activation is computed. For tests alone: results are the same, and times would be a bad witness.
    var computesAllProducts: Bool {
        if case .pieces(let method, _) = way { method is DenseEncoding } else { true }
    }

    /// Prepares scratch for each thread; `name` is the dictionary's in errors.
    public init(_ dictionary: SparseAutoencoder, name: String, threads: Threads) {
        self.dictionary = dictionary
        self.name = name
        self.threads = threads
        preparation = RowPreparation(dictionary)
        let method: any EncodingMethod
        switch dictionary.weights {
        case .dense(let weights): method = DenseEncoding(dictionary, weights, threads: threads)
        case .bounded(let weights): method = BoundedEncoding(dictionary, weights, threads: threads)
        case .stored(let weights):
            let part = StreamedEncoding.latentsPerPart(latents: dictionary.latentCount, threads: threads.count)
            way = .parts(
                StreamedEncoding(dictionary, weights, latentsPerPart: part, threads: threads), rowsAtOnce: Int.max)
            return
        case .rows(let rows):
            way = Self.packingParts(of: rows, dictionary, threads)
            return
        }
        let floats = method.rowsPerPiece * preparation.stride
        way = .pieces(method, prepared: (0..<threads.count).map { _ in FloatBuffer(floats) })
    }

    /// Activations of the rows `selected` of `residual` [tokens, d_in], in the order of `selected`.
    ///
    /// Throws `InputError` where a pre-activation or an activation is not finite: a NaN would pass for a latent that did not
    /// fire.
    public func encode(_ residual: UnsafeBufferPointer<Float>, selected: [Int]) throws -> Activations {
        switch way {
        case .pieces(let method, let prepared):
            let activations = try encode(residual, selected, by: method, prepared)
            leaveBoundsIfSlow()
            return activations
        case .parts(let streamed, let rowsAtOnce):
            var activations = Activations()
            for first in stride(from: 0, to: selected.count, by: min(rowsAtOnce, max(selected.count, 1))) {
                let rows = selected[first...].prefix(rowsAtOnce)
                guard let part = try streamed.encode(residual, selected: rows), part.isFinite else { throw overflow }
                activations.append(part)
            }
            return activations
        }
    }

    private func encode(
        _ residual: UnsafeBufferPointer<Float>, _ selected: [Int], by method: any EncodingMethod,
        _ prepared: [FloatBuffer]
    ) throws -> Activations {
        let blocks = threads.chunks(
            of: selected.count, atMost: method.rowsPerPiece, multipleOf: TiledRows.rowsPerTile)
        let stride = preparation.stride
        if !isAdapted, let first = blocks.first {
            let first = selected[first]
            preparation.prepare(residual, first, into: prepared[0].pointer)
            method.adapt(to: Matrix(prepared[0].pointer, stride: stride), rows: first.count, threads: threads)
            isAdapted = true
        }
        let pieces = Mutex<[Int: Activations]>([:])
        try threads.tryForEach(blocks.count) { piece, thread in
            let rows = selected[blocks[piece]]
            preparation.prepare(residual, rows, into: prepared[thread].pointer)
            let x = Matrix(prepared[thread].pointer, stride: stride)
            guard let part = method.encode(x, rows: rows.count, thread: thread), part.isFinite else {
                throw overflow
            }
            pieces.withLock { $0[piece] = part }
        }
        return pieces.withLock { pieces in
            pieces.sorted { $0.key < $1.key }.reduce(into: Activations()) { $0.append($1.value) }
        }
    }

    private var overflow: InputError {
        InputError(
            name, expected: "finite activations", found: "infinities or NaNs",
            hint: "the dictionary's weights overflow float32 on these activations: is it made for this model?")
    }

    /// Goes over to dense products where bounds turn out not to save enough. The rows of weights are packed in parts then, in
    /// what memory the codes leave: a quarter of the latents at most.
    private func leaveBoundsIfSlow() {
        guard case .pieces(let method, _) = way, let bounded = method as? BoundedEncoding, !bounded.isWorthwhile,
            case .bounded(let weights) = dictionary.weights
        else { return }
        // Nothing of what was there stays, besides the rows.
        let rows = LatentRows(weights.rows, width: weights.width, threads: threads)
        dictionary.weights = .rows(rows)
        way = Self.packingParts(of: rows, dictionary, threads)
    }

    private static func packingParts(of rows: LatentRows, _ dictionary: SparseAutoencoder, _ threads: Threads) -> Way {
        let step = PackedMatrix.columnAlignment
        let quarter = max(1, dictionary.latentCount / 4 / step) * step
        let usual = StreamedEncoding.latentsPerPart(latents: dictionary.latentCount, threads: threads.count)
        let streamed = StreamedEncoding(dictionary, rows, latentsPerPart: min(usual, quarter), threads: threads)
        // As many as the bounded encode had prepared: in as much memory.
        return .parts(streamed, rowsAtOnce: threads.count * BoundedEncoding.mostRowsPerPiece)
    }
}
