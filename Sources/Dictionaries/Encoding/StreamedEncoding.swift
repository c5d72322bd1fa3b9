import Compute
import Inputs

/// Computes every pre-activation with weights that are not kept packed. Some latents at a time are packed, and used for
/// all rows of a batch. So the file is read once for each batch.
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
    /// For each thread the rows of a chunk, [rows, stride], before they are tiled.
    private let rows: [FloatBuffer]
    /// Tiled rows.
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
        let floats = DenseProducts.scratch(rows: PackedMatrix.rowsPerChunk, latents: latentsPerPart)
        scratch = (0..<threads.count).map { _ in FloatBuffer(floats) }
        let stride = preparation.stride
        rows = (0..<threads.count).map { _ in FloatBuffer(PackedMatrix.rowsPerChunk * stride) }
    }

    /// Activations of the rows `selected` of `residual` [tokens, d_in]; nil where a pre-activation is not finite. Throws
    /// `InputError` where a weight is not.
    func encode(_ residual: UnsafeBufferPointer<Float>, selected: ArraySlice<Int>) throws -> Activations? {
        // Nothing is read for no rows.
        guard !selected.isEmpty else { return Activations() }
        let blocks = threads.chunks(
            of: selected.count, atMost: PackedMatrix.rowsPerChunk, multipleOf: TiledRows.rowsPerTile)
        prepare(residual, selected, blocks)
        var selections = blocks.map { Selection(dictionary.activation, rows: $0.count) }
        for first in stride(from: 0, to: dictionary.latentCount, by: latentsPerPart) {
            let part = part(first)
            try weights.read(part, into: packed)
            // The last part is followed by the first one, for the next batch.
            weights.readAhead(self.part(part.upperBound % dictionary.latentCount))
            guard select(part, blocks, into: &selections) else { return nil }
        }
        return selections.reduce(into: Activations()) { $0.append($1.finish()) }
    }

    private func part(_ first: Int) -> Range<Int> { first..<min(dictionary.latentCount, first + latentsPerPart) }

    private func prepare(_ residual: UnsafeBufferPointer<Float>, _ selected: ArraySlice<Int>, _ blocks: [Range<Int>]) {
        let floats = TiledRows.count(rows: selected.count, inner: dictionary.inputWidth)
        if prepared.count < floats {
            // The old memory is released first, so that both never exist at the same time.
            prepared = FloatBuffer(0)
            prepared = FloatBuffer(floats)
        }
        threads.forEach(blocks.count) { block, thread in
            let places = selected.dropFirst(blocks[block].lowerBound).prefix(blocks[block].count)
            let x = rows[thread].pointer
            preparation.prepare(residual, places, into: x)
            tiled(blocks[block]).set(Matrix(x, stride: preparation.stride), rows: places.count)
        }
    }

    /// The prepared rows of a chunk, which begins with a tile.
    private func tiled(_ block: Range<Int>) -> TiledRows {
        let width = dictionary.inputWidth
        return TiledRows(prepared.pointer + block.lowerBound * width, inner: width)
    }

    /// Takes the latents `part`, whose weights are packed. False where a pre-activation is not finite.
    private func select(_ part: Range<Int>, _ blocks: [Range<Int>], into selections: inout [Selection]) -> Bool {
        let products = DenseProducts(dictionary: dictionary, weights: packed, first: part.lowerBound)
        var isFinite = blocks.map { _ in true }
        selections.withUnsafeMutableBufferPointer { selections in
            isFinite.withUnsafeMutableBufferPointer { isFinite in
                threads.forEach(blocks.count) { block, thread in
                    isFinite[block] = products.select(
                        part.count, of: tiled(blocks[block]), rows: blocks[block].count,
                        scratch: scratch[thread].pointer, into: &selections[block])
                }
            }
        }
        return isFinite.allSatisfy { $0 }
    }
}
