import Compute
import Kernels

/// What a dictionary and its encoder take of memory, in bytes; for either layout, as the file is not read yet.
///
/// Going over from bounds to dense products takes 4 bytes a weight more for a moment; it is not counted.
public enum EncoderMemory {
    /// The encoder itself: weights, codes, what is known of each latent, and pieces that are read at a time.
    public static func bytes(latents: Int, width: Int, threads: Int) -> Int {
        let codes = kernels_bounds_are_fast() ? kernels_bound_codes(latents, width) : 0
        return 4 * kernels_packed_count(latents, width) + codes + 4 * kernels_bound_scales(latents, width)
            + 32 * latents + threads * 4 * width * SAELensReader.latentsPerPiece
    }

    /// Scratch of the threads: prepared rows and their codes, lists in which one latent in 16 may be, pairs of a row and a
    /// latent, one in 256, that are looked at again; and a prompt's sums.
    public static func scratch(latents: Int, width: Int, threads: Int) -> Int {
        let rows = BoundedEncoding.mostRowsPerPiece
        let scanned = PackedMatrix.rowsPerBlock
        let lists = scanned * (16 * BoundedEncoding.latentsPerChunk + 16 * (latents / 16))
        return threads * (rows * (4 * (width + 16) + 24 * (latents / 256 + 64)) + scanned * (width + 1024) + lists)
            + threads * 20 * latents
    }

    /// Activations of a token, with room for one latent in 64 to fire: more than sparse autoencoders in use have.
    public static func bytesPerToken(latents: Int) -> Int { 16 * (latents / 64 + 64) }
}
