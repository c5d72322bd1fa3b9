import Compute
import Kernels

/// What a dictionary and its encoder take of memory, in bytes; for either layout, as the file is not read yet.
public struct EncoderMemory: Sendable, Hashable {
    private let latents: Int
    private let width: Int
    private let threads: Int
    /// Whether weights stay in their file.
    private let isStreamed: Bool
    /// Whether all latents are active at all rows.
    private let isLinear: Bool

    /// For an encoder of these sizes.
    public init(latents: Int, width: Int, threads: Int, isStreamed: Bool, isLinear: Bool = false) {
        (self.latents, self.width, self.threads, self.isStreamed) = (latents, width, threads, isStreamed)
        self.isLinear = isLinear
    }

    /// The encoder itself: weights, codes, what is known of each latent, and pieces that are read at a time.
    public var dictionary: Int {
        let common = 32 * latents + threads * 4 * width * StoredWeights.latentsPerPiece
        guard !isStreamed else {
            let part = StreamedEncoding.latentsPerPart(latents: latents, threads: threads)
            return common + PackedMatrix.byteCount(columns: part, inner: width)
        }
        let codes = kernels_bounds_are_fast() ? kernels_bound_codes(latents, width) : 0
        return common + PackedMatrix.byteCount(columns: latents, inner: width) + codes
            + 4 * kernels_bound_scales(latents, width)
    }

    /// Scratch of the threads: prepared rows with their halves and codes, candidate lists (room for one latent in 16),
    /// pairs that are looked at again (one latent in 256), and a prompt's sums.
    public var scratch: Int {
        let sums = threads * 20 * latents
        let scanned = PackedMatrix.rowsPerChunk
        guard !isStreamed else {
            return threads * 4 * (DenseProducts.scratch(rows: scanned, latents: latents) + scanned * (width + 16))
                + sums
        }
        let rows = BoundedEncoding.mostRowsPerPiece
        let lists = scanned * (16 * BoundedEncoding.latentsAtOnce + 16 * (latents / 16))
        return threads
            * (rows * (4 * (width + 16) + 2 * (width + 64) + 24 * (latents / 256 + 64)) + scanned * (width + 1024)
                + lists)
            + sums
    }

    /// Activations of a token: all latents of a linear dictionary, otherwise one in 64, which is more than sparse
    /// autoencoders in use have active. If latents are read in parts, also the prepared row and what its selection
    /// holds.
    public var perToken: Int {
        guard !isLinear else { return 16 * latents }
        return 16 * (latents / 64 + 64) * (isStreamed ? 2 : 1) + (isStreamed ? 4 * width : 0)
    }
}
