import Evaluation
import Prompts
import Work

/// What a user asks for: the job file, with every default filled in and every path resolved.
///
/// `configs/job.yaml` explains every key.
public struct JobSpec: Sendable, Hashable, Codable {
    /// Where the prompts are, and how they become text.
    public struct Prompts: Sendable, Hashable, Codable {
        /// A file, and the group that its prompts become where there are several.
        public struct File: Sendable, Hashable, Codable {
            public var group: String?
            public var path: JobPath
        }

        /// One without a group, or one or more with theirs, ascending by these.
        public var files: [File]
        public var template: PromptRules.ChatTemplate
        /// End messages with the opening of an assistant's turn.
        public var addGenerationPrompt: Bool
    }

    /// The rankings in the result bundle.
    public struct Rank: Sendable, Hashable, Codable {
        public var by: RankKey
        /// Rows at each end.
        public var top: Int
    }

    public var name: String
    public var base: JobPath
    public var tuned: [TunedSpec]
    public var prompts: Prompts
    public var hooks: [HookSpec]
    public var masks: [TokenMask]
    /// Positions below this belong to no mask.
    public var skipFirst: Int
    public var shardTokens: Int
    public var rank: Rank
    public var seed: UInt64
    /// Sign flips of the permutation test; 0 leaves it out.
    public var permutations: Int
    /// Latents whose differences are kept for each prompt, besides those at both ends of the rankings; nil for none. A hook whose
    /// dictionary has fewer latents goes without.
    public var keepLatents: [Int]?
    /// Nil for none.
    public var contrasts: [Contrast]?
    /// Share of the shards, 0 to 1, that is computed a second time on another worker and compared. It does not change the
    /// result.
    public var verify: Double

    /// The names that its results can be ranked by; not every result has all of them.
    public var rankColumns: [String] {
        let controls = tuned.filter(\.control).map { "delta_minus_\($0.name)" }
        let halves = ["delta_half_a", "delta_half_b"]
        let densities = hooks.contains { $0.form.rule.hasDensities } ? ["density_base", "density_tuned"] : []
        return RankColumn.names(
            with: ["mean_base", "mean_tuned", "delta"] + densities
                + ["prompt_delta", "t", "p", "q", "cohens_d"] + halves
                + (permutations > 0 ? ["p_permutation"] : []) + controls)
    }

    /// How the job's prompts become tokens with masks.
    public var promptRules: PromptRules {
        PromptRules(
            chatTemplate: prompts.template, addGenerationPrompt: prompts.addGenerationPrompt, masks: masks,
            skipFirst: skipFirst)
    }
}
