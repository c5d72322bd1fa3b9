import Compute
import Inputs

/// Computes every pre-activation with weights that are not packed: some latents at a time are, for all rows. Their file is
/// read as often as there are batches of rows.
final class StreamedEncoding {
    private let dictionary: SparseAutoencoder
    private let weights: any LatentSource
    private let threads: Threads
    private let preparation: RowPreparation
    /// Latents that are read at a time.
    private let latentsPerPart: Int
    private let packed: PackedMatrix
    /// For each thread, of products.
    private let scratch: [FloatBuffer]
    /// [rows, stride]
    private var prepared = FloatBuffer(0)

    /// Latents that are read at a time: enough for every thread to have some to widen, and for the disk to read more than
    /// a page of each row of the file.
    static func latentsPerPart(latents: Int, threads: Int) -> Int {
        min(latents, max(threads, 16) * StoredWeights.latentsPerPiece)
    }

    init(_ dictionary: SparseAutoencoder, _ weights: any LatentSource, latentsPerPart: Int, threads: Threads) {
        (self.dictionary, self.weights, self.threads) = (dictionary, weights, threads)
        preparation = RowPreparation(dictionary)
        self.latentsPerPart = latentsPerPart
        packed = PackedMatrix(columns: latentsPerPart, inner: dictionary.inputWidth)
        let floats = DenseProducts.scratch(rows: PackedMatrix.rowsPerBlock, latents: latentsPerPart)
        scratch = (0..<threads.count).map { _ in FloatBuffer(floats) }
    }

    /// Activations of the rows `selected` of `residual` [tokens, d_in]; nil where a pre-activation is not finite. Throws
    /// `InputError` where a weight is not.
    func encode(_ residual: UnsafeBufferPointer<Float>, selected: ArraySlice<Int>) throws -> Activations? {
        // Nothing is read for no rows.
        guard !selected.isEmpty else { return Activations() }
        let blocks = threads.blocks(
            of: selected.count, atMost: PackedMatrix.rowsPerBlock, multipleOf: PackedMatrix.rowStep)
        prepare(residual, selected, blocks)
        var selections = blocks.map { Selection(dictionary.activation, rows: $0.count) }
        for first in stride(from: 0, to: dictionary.latentCount, by: latentsPerPart) {
            let part = part(first)
            try weights.read(part, into: packed)
            // After the last part comes the first one, of the next rows.
            weights.readAhead(self.part(part.upperBound % dictionary.latentCount))
            guard select(part, blocks, into: &selections) else { return nil }
        }
        return selections.reduce(into: Activations()) { $0.append($1.finish()) }
    }

    private func part(_ first: Int) -> Range<Int> { first..<min(dictionary.latentCount, first + latentsPerPart) }

    private func prepare(_ residual: UnsafeBufferPointer<Float>, _ selected: ArraySlice<Int>, _ blocks: [Range<Int>]) {
        let stride = preparation.stride
        if prepared.count < selected.count * stride {
            // What was there goes before what comes.
            prepared = FloatBuffer(0)
            prepared = FloatBuffer(selected.count * stride)
        }
        threads.forEach(blocks.count) { block, _ in
            let rows = blocks[block]
            let places = selected.dropFirst(rows.lowerBound).prefix(rows.count)
            preparation.prepare(residual, places, into: prepared.pointer + rows.lowerBound * stride)
        }
    }

    /// Takes the latents `part`, whose weights are packed. False where a pre-activation is not finite.
    private func select(_ part: Range<Int>, _ blocks: [Range<Int>], into selections: inout [Selection]) -> Bool {
        let products = DenseProducts(dictionary: dictionary, weights: packed, first: part.lowerBound)
        let stride = preparation.stride
        var isFinite = blocks.map { _ in true }
        selections.withUnsafeMutableBufferPointer { selections in
            isFinite.withUnsafeMutableBufferPointer { isFinite in
                threads.forEach(blocks.count) { block, thread in
                    let rows = blocks[block]
                    let x = Matrix(prepared.pointer + rows.lowerBound * stride, stride: stride)
                    isFinite[block] = products.select(
                        part.count, of: x, rows: rows.count, scratch: scratch[thread].pointer,
                        into: &selections[block])
                }
            }
        }
        return isFinite.allSatisfy { $0 }
    }
}
