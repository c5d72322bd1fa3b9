import Compute

/// What a dictionary takes of memory, in bytes.
enum EncoderMemory {
    /// The encoder itself, loaded.
    static func bytes(latents: Int, width: Int, threads: Int) -> Int {
        // The weights are packed while they are still there as they were read.
        Int(4 * Double(latents) * Double(width) * 2.3)
    }

    /// Scratch of the threads: rows and pre-activations of one piece of encoding, and a prompt's sums.
    static func scratch(latents: Int, width: Int, threads: Int) -> Int {
        threads * (PackedMatrix.rowsPerBlock * (width + 16 + min(latents, 512)) * 4 + 16 * latents)
    }

    /// Activations of a token, with room for one latent in 64 to fire: more than sparse autoencoders in use have.
    static func bytesPerToken(latents: Int) -> Int { 16 * (latents / 64 + 64) }
}
