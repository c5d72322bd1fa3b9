import Compute

/// Encoder weights of which some latents at a time are packed.
protocol LatentSource: AnyObject {
    /// Packs the latents `range` as the first columns of `packed`. Throws `InputError` for weights that are not finite.
    func read(_ range: Range<Int>, into packed: PackedMatrix) throws
    /// These latents will be read next.
    func readAhead(_ range: Range<Int>)
}

extension StoredWeights: LatentSource {}

/// Rows of weights in memory, [latents, width].
final class LatentRows: LatentSource {
    private let rows: FloatBuffer
    private let width: Int
    private let threads: Threads

    init(_ rows: FloatBuffer, width: Int, threads: Threads) {
        (self.rows, self.width, self.threads) = (rows, width, threads)
    }

    func read(_ range: Range<Int>, into packed: PackedMatrix) {
        threads.forEachChunk(of: range.count, size: PackedMatrix.columnAlignment) { latents, _ in
            packed.set(
                rows.pointer + (range.lowerBound + latents.lowerBound) * width, first: latents.lowerBound,
                count: latents.count)
        }
    }

    func readAhead(_ range: Range<Int>) {}
}
