import Inputs

/// Everything that a bundle knows of one latent.
public struct LatentPage: Sendable, Hashable {
    /// A token, with the text around it.
    public struct Example: Sendable, Hashable {
        /// Id of the prompt or document.
        public var document: String
        /// Index of the token among those shown.
        public var peak: Int
        /// Tokens of the document before those shown; negative where added tokens stand before it.
        public var offset: Int
        /// Position of the token in its sequence.
        public var position: Int
        /// How often the text up to it stands in the corpus.
        public var times: Int
        /// What each token stands for, in bytes.
        public var tokens: [[UInt8]]
        /// [models][tokens]
        public var activations: [[Double]]
    }

    /// Examples for one reason, the first first.
    public struct Group: Sendable, Hashable {
        public var name: String
        /// Indices of examples.
        public var members: [Int]
    }

    /// Examples that were drawn among tokens with activations in an interval.
    public struct Interval: Sendable, Hashable {
        public var from: Double
        public var to: Double
        /// Of all tokens on which the latent is active in any model.
        public var share: Double
        public var members: [Int]
    }

    /// Counts of activations in bins of equal width.
    public struct Histogram: Sendable, Hashable {
        public var width: Double
        /// The first bin begins at this many widths.
        public var firstBin: Int
        /// [models][bins]
        public var counts: [[Int]]
    }

    /// A token of the vocabulary with its logit.
    public struct LensToken: Sendable, Hashable {
        public var id: Int
        public var token: [UInt8]
        public var logit: Double
        public var z: Double
    }

    /// Both ends of the vocabulary by logit: largest first, smallest first.
    public struct Lens: Sendable, Hashable {
        public var highest: [LensToken]
        public var lowest: [LensToken]
    }

    /// Another latent of the dictionary, with the cosine of the decoder rows.
    public struct Neighbour: Sendable, Hashable {
        public var latent: Int
        public var cosine: Double
    }

    public var latent: Int
    /// The line as it stands in the file.
    public var source: [String: Document.Value]
    public var name: String?
    /// By model; 0 where it is silent.
    public var largest: [Double]
    /// Tokens on which it is active, by model.
    public var active: [Int]
    public var histogram: Histogram?
    public var groups: [Group]
    public var sample: [Interval]
    public var examples: [Example]
    /// Nearest first; nil where they were not computed.
    public var neighbours: [Neighbour]?
    /// Nil where it was not computed.
    public var lens: Lens?
    /// Cosines with the hook's latents in their order; nil where they were not computed.
    public var cosines: [Double]?
}
