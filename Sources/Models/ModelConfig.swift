/// What decides a model's forward pass beside its weights.
public struct ModelConfig: Sendable, Hashable {
    /// Architectures that can be computed.
    public enum Family: String, Sendable, Hashable, CaseIterable {
        /// Llama 2 and 3, SmolLM2 and everything else that uses LlamaForCausalLM.
        case llama
        /// MistralForCausalLM: Llama with an optional sliding window.
        case mistral
    }

    public var family: Family
    public var vocabularySize: Int
    /// Width of the residual stream.
    public var hiddenSize: Int
    /// Width inside the gated feed-forward layer.
    public var intermediateSize: Int
    public var layerCount: Int
    /// Query heads.
    public var headCount: Int
    /// Key and value heads; divides `headCount`.
    public var keyValueHeadCount: Int
    /// Width of one head; even.
    public var headSize: Int
    public var rmsNormEpsilon: Float
    public var ropeTheta: Double
    public var ropeScaling: RopeScaling
    /// A token sees itself and this many tokens less one before it; nil where it sees all.
    public var slidingWindow: Int?
    /// Longest sequence that the model was made for, in tokens.
    public var contextLength: Int

    /// Takes values that fit together; what comes from a file is checked where it is read.
    public init(
        family: Family, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int, layerCount: Int, headCount: Int,
        keyValueHeadCount: Int, headSize: Int, rmsNormEpsilon: Float, ropeTheta: Double, ropeScaling: RopeScaling,
        slidingWindow: Int?, contextLength: Int
    ) {
        (self.family, self.vocabularySize, self.hiddenSize) = (family, vocabularySize, hiddenSize)
        (self.intermediateSize, self.layerCount, self.headCount) = (intermediateSize, layerCount, headCount)
        (self.keyValueHeadCount, self.headSize) = (keyValueHeadCount, headSize)
        (self.rmsNormEpsilon, self.ropeTheta, self.ropeScaling) = (rmsNormEpsilon, ropeTheta, ropeScaling)
        (self.slidingWindow, self.contextLength) = (slidingWindow, contextLength)
    }

    /// Whether equal weights and tokens give equal numbers under both configurations: all that decides them is equal.
    public func computes(like other: ModelConfig) -> Bool {
        var same = other
        // Names of the same code, and bounds that no computation within them sees.
        (same.family, same.layerCount, same.contextLength) = (family, layerCount, contextLength)
        return self == same
    }

    /// Sizes above this are refused: no model has them, and products of two stay far from overflow.
    static let largestSize = 1 << 24
    /// More blocks are refused; everything that lists a model's modules stays small.
    static let mostLayers = 1 << 12
}

/// How rotary frequencies, theta^(-2i/d) for pair i of a head of size d, are stretched for longer contexts.
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

extension ModelConfig {
    /// A linear layer of a block: its path in the Hugging Face model and the shape of its weight, [out, in].
    struct LinearLayer {
        let path: String
        let output: Int
        let input: Int
    }

    /// The path of a block in the Hugging Face model.
    static func blockPath(_ layer: Int) -> String { "model.layers.\(layer)" }

    /// The modules of the Hugging Face model that are not linear layers of a block, which an adapter may name too.
    var otherModules: [String] {
        let outer = ["model", "model.embed_tokens", "model.layers", "model.norm", "model.rotary_emb", "lm_head"]
        let inner = ["self_attn", "mlp", "mlp.act_fn", "input_layernorm", "post_attention_layernorm"]
        return outer
            + (0..<layerCount).flatMap { layer in
                [Self.blockPath(layer)] + inner.map { "\(Self.blockPath(layer)).\($0)" }
            }
    }

    /// The linear layers of one block.
    func linearLayers(of layer: Int) -> [LinearLayer] {
        let (queries, keys) = (headCount * headSize, keyValueHeadCount * headSize)
        let block = Self.blockPath(layer)
        return [
            LinearLayer(path: "\(block).self_attn.q_proj", output: queries, input: hiddenSize),
            LinearLayer(path: "\(block).self_attn.k_proj", output: keys, input: hiddenSize),
            LinearLayer(path: "\(block).self_attn.v_proj", output: keys, input: hiddenSize),
            LinearLayer(path: "\(block).self_attn.o_proj", output: hiddenSize, input: queries),
            LinearLayer(path: "\(block).mlp.gate_proj", output: intermediateSize, input: hiddenSize),
            LinearLayer(path: "\(block).mlp.up_proj", output: intermediateSize, input: hiddenSize),
            LinearLayer(path: "\(block).mlp.down_proj", output: hiddenSize, input: intermediateSize),
        ]
    }
}
