import Evaluation
import Inputs
import Prompts
import Work

/// What a job of the kind `exemplars` asks for: the job file, with every default filled in and every path resolved.
///
/// `configs/exemplars.yaml` explains every key.
public struct ExemplarsSpec: Sendable, Hashable, Codable {
    /// The texts that exemplars are looked for in.
    public enum Texts: Sendable, Hashable, Codable {
        case prompts(JobPath, template: PromptRules.ChatTemplate, addGenerationPrompt: Bool, mask: TokenMask)
        /// `field` is the key or column with the text, `context` the tokens of a window.
        case corpus(JobPath, field: String, context: Int)

        /// The key of the job file.
        public var key: String {
            switch self {
            case .prompts: "prompts"
            case .corpus: "corpus"
            }
        }

        public var path: JobPath {
            switch self {
            case .prompts(let path, _, _, _), .corpus(let path, _, _): path
            }
        }
    }

    /// A place in the model, the dictionary there, and which of its latents are asked for.
    public struct Hook: Sendable, Hashable, Codable {
        public var spec: HookSpec
        public var latents: LatentChoice
    }

    public var name: String
    public var base: JobPath
    /// None: exemplars of the base alone.
    public var tuned: [TunedSpec]
    public var texts: Texts
    public var hooks: [Hook]
    /// Exemplars in each group.
    public var examples: Int
    /// Sampled exemplars in each interval of activations.
    public var perInterval: Int
    /// Tokens that are shown of each exemplar's text.
    public var window: Int
    /// Positions below this do not count.
    public var skipFirst: Int
    /// Tokens whose residual stream is longer than this times the median of their sequence do not count; nil: all do.
    public var maxNorm: Double?
    public var shardTokens: Int
    public var seed: UInt64
    /// Share of the shards that is computed a second time elsewhere.
    public var verify: Double
}

/// The latents of a hook that a job asks for: named ones, and both ends of rankings in a bundle.
public struct LatentChoice: Sendable, Hashable, Codable {
    /// Both ends of the rankings in a bundle of the kind `latents`.
    public struct Ends: Sendable, Hashable, Codable {
        public var bundle: JobPath
        /// Whose rankings; nil: those of all tuned checkpoints but controls.
        public var tuned: String?
        /// Nil: the first mask of the bundle.
        public var mask: TokenMask?
        /// Nil: what the bundle is ranked by.
        public var rankBy: String?
        public var top: Int
        public var bottom: Int
    }

    /// Numbers, or names of directions.
    public var named: [String]
    public var ends: Ends?
}
