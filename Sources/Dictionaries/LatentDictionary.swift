import Compute
import Inputs

/// A dictionary as its files describe it: what it reads, and what its latents do. Weights stay in the files until an encoder
/// or decoder rows are asked for.
public struct LatentDictionary: Sendable {
    /// How pre-activations become activations.
    public enum Rule: String, Sendable, Hashable {
        case relu, topk, jumprelu, gated
        /// They are the activations, of either sign: the projections on unit vectors.
        case linear
    }

    /// What the rows are that it reads.
    public struct Input: Sendable, Hashable {
        /// Width of a row.
        public let width: Int
        /// The place in the model it was made for, in TransformerLens' words, where the files tell.
        public let hookName: String?
        /// Where the files say so, for error messages.
        public let widthPlace: String
        public let hookNamePlace: String
    }

    /// Name of the format.
    public let format: String
    public let path: String
    /// Files that decide what it computes.
    public let files: [String]
    public let input: Input
    public let latentCount: Int
    /// A name for each latent; nil where they have none.
    public let latentNames: [String]?
    public let rule: Rule
    public let normalisation: SparseAutoencoder.Normalisation
    let contents: any DictionaryContents

    /// The encoder. With `isLoaded` its weights are in memory, laid out for `layout` or, if that is nil, for what is
    /// expected to be fastest. Without `isLoaded` they stay in the file if the format allows it, and are read whenever
    /// rows are encoded: for dictionaries that do not fit into memory.
    ///
    /// Throws `InputError` for anything that is missing, has another shape, is not finite or is not supported.
    public func encoder(
        layout: SparseAutoencoder.Layout? = nil, isLoaded: Bool = true, threads: Threads
    ) throws -> SparseAutoencoder {
        try contents.encoder(layout: layout, isLoaded: isLoaded, threads: threads)
    }

    /// Decoder rows of the given latents as they are stored, in float32: [latents.count][width].
    ///
    /// Throws `InputError` for a latent that the dictionary does not have, and for numbers that are not finite.
    public func decoderRows(_ latents: [Int]) throws -> [[Float]] {
        for latent in latents where !(0..<latentCount).contains(latent) {
            throw InputError(path, expected: "a latent below \(latentCount)", found: "\(latent)")
        }
        let rows = try contents.decoderRows(latents)
        for (latent, row) in zip(latents, rows) {
            guard row.count == input.width else {
                throw InputError(
                    path, expected: "decoder rows of \(input.width) numbers", found: "\(row.count) for latent \(latent)"
                )
            }
            guard row.allSatisfy(\.isFinite) else {
                throw InputError(
                    "\(path): decoder row of latent \(latent)", expected: "finite numbers in float32",
                    found: "infinities or NaNs")
            }
        }
        return rows
    }
}

/// What a format reads of its files when it is needed.
protocol DictionaryContents: Sendable {
    /// See `LatentDictionary.encoder`.
    func encoder(layout: SparseAutoencoder.Layout?, isLoaded: Bool, threads: Threads) throws -> SparseAutoencoder
    /// A row for each of the latents, all of which the dictionary has.
    func decoderRows(_ latents: [Int]) throws -> [[Float]]
}
