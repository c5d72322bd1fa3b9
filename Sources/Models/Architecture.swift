/// What decides a model's numbers beside its weights: what a layer is made of, and how many there are.
///
/// A value that one engine interprets. A family's file makes it from a configuration. What has one case today is an enum
/// all the same: another kind of norm, say, is a case here and a place in the engine.
public struct Architecture: Sendable, Hashable {
    /// The family's name, such as `llama`.
    public var family: String
    public var vocabularySize: Int
    /// Width of the residual stream.
    public var hiddenSize: Int
    public var layerCount: Int
    /// Longest sequence that the model was made for, in tokens.
    public var contextLength: Int
    /// The norms of all layers: before attention and before the feed-forward layer.
    public var norm: Norm
    public var attention: Attention
    public var feedForward: FeedForward
    /// Linear layers that add a bias to their product.
    public var biases: Set<Linear>
    public var head: Head
    public var names: ModuleNames

    /// Takes values that fit together; what comes from a file is checked where it is read.
    public init(
        family: String, vocabularySize: Int, hiddenSize: Int, layerCount: Int, contextLength: Int, norm: Norm,
        attention: Attention, feedForward: FeedForward, biases: Set<Linear> = [], head: Head, names: ModuleNames
    ) {
        (self.family, self.vocabularySize, self.hiddenSize) = (family, vocabularySize, hiddenSize)
        (self.layerCount, self.contextLength, self.norm) = (layerCount, contextLength, norm)
        (self.attention, self.feedForward, self.biases) = (attention, feedForward, biases)
        (self.head, self.names) = (head, names)
    }

    /// Sizes above this are refused: no model has them, and products of two stay far from overflow.
    static let largestSize = 1 << 24
    /// More layers are refused; everything that lists a model's modules stays small.
    static let mostLayers = 1 << 12

    /// Whether equal weights and tokens give equal residual streams under both.
    public func computes(like other: Architecture) -> Bool {
        var same = other
        // Not compared: names, what comes after all layers, and sizes that no computation depends on.
        (same.family, same.names, same.head) = (family, names, head)
        (same.layerCount, same.contextLength) = (layerCount, contextLength)
        let common = min(layerCount, other.layerCount)
        guard attention.windows.prefix(common) == other.attention.windows.prefix(common) else { return false }
        same.attention.windows = attention.windows
        return self == same
    }
}

/// A normalisation of rows, with one weight for each element.
public struct Norm: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// x / √(mean(x²) + epsilon) · weight.
        case rms
    }

    public var kind: Kind
    public var epsilon: Float

    /// Describes a norm.
    public init(_ kind: Kind, epsilon: Float) {
        self.kind = kind
        self.epsilon = epsilon
    }
}

/// Causal attention with query heads that share key and value heads in groups.
public struct Attention: Sendable, Hashable {
    /// Query heads.
    public var headCount: Int
    /// Key and value heads; divides `headCount`.
    public var keyValueHeadCount: Int
    /// Width of one head; even.
    public var headSize: Int
    /// What scores are multiplied by.
    public var scale: Float
    public var rotary: Rotary
    /// By layer: a token sees itself and this many tokens less one before it; nil where it sees all.
    public var windows: [Int?]

    /// Describes attention whose scores are divided by the root of the head size.
    public init(headCount: Int, keyValueHeadCount: Int, headSize: Int, rotary: Rotary, windows: [Int?]) {
        (self.headCount, self.keyValueHeadCount, self.headSize) = (headCount, keyValueHeadCount, headSize)
        (self.rotary, self.windows) = (rotary, windows)
        scale = 1 / Float(headSize).squareRoot()
    }

    /// Width of all query heads.
    public var queryWidth: Int { headCount * headSize }
    /// Width of all key heads, and of all value heads.
    public var keyWidth: Int { keyValueHeadCount * headSize }
}

/// Rotary positions over whole heads: the two halves of a head form the pairs that are turned.
public struct Rotary: Sendable, Hashable {
    /// Pair i of a head of size d is turned by theta^(-2i/d) for each position.
    public var theta: Double
    public var scaling: RopeScaling

    /// Describes rotary positions.
    public init(theta: Double, scaling: RopeScaling = .none) {
        self.theta = theta
        self.scaling = scaling
    }
}

/// How rotary frequencies are stretched for longer contexts.
public enum RopeScaling: Sendable, Hashable {
    case none
    /// Every frequency is divided by `factor`.
    case linear(factor: Double)
    /// Llama 3.1: frequencies with a wavelength above originalContext / lowFrequencyFactor are divided by `factor`, those
    /// below originalContext / highFrequencyFactor kept, those between blended.
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Int)
    /// Frequency i is divided by element i; headSize / 2 elements (`rope_freqs.weight` of a GGUF file).
    case frequencyFactors([Float])
}

/// The layer's second half, after attention has been added to the stream.
public struct FeedForward: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        /// down(activation(gate(x)) · up(x)).
        case gated(Activation)
    }

    public enum Activation: Sendable, Hashable {
        /// x / (1 + exp(-x)).
        case silu
    }

    public var kind: Kind
    /// Width between its linear layers.
    public var width: Int

    /// Describes a feed-forward layer.
    public init(_ kind: Kind, width: Int) {
        self.kind = kind
        self.width = width
    }
}

/// What makes logits of the last layer's residual stream.
public struct Head: Sendable, Hashable {
    /// The norm before the output matrix.
    public var norm: Norm
    /// Whether the embedding is the output matrix.
    public var isTied: Bool

    /// Describes a head.
    public init(norm: Norm, isTied: Bool) {
        self.norm = norm
        self.isTied = isTied
    }
}
