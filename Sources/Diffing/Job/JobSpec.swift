/// What a user asks for: the job file, with every default filled in and every path resolved.
///
/// `configs/job.yaml` explains every key.
public struct JobSpec: Sendable, Hashable, Codable {
    /// A path as it stands in the job file, and where it leads from that file's folder.
    public struct Path: Sendable, Hashable, Codable {
        public var written: String
        /// Absolute.
        public var resolved: String
    }

    /// A fine-tuned checkpoint to compare with the base.
    public struct Tuned: Sendable, Hashable, Codable {
        /// Unique within the job, and safe as part of a file name.
        public var name: String
        public var form: DiffTask.Tuned.Form
        public var path: Path
        /// A checkpoint whose differences the others must exceed: each other result gets a column for it.
        public var control: Bool
    }

    /// Where the prompts are, and how they become text.
    public struct Prompts: Sendable, Hashable, Codable {
        /// What turns messages into text.
        public enum Template: String, Sendable, Hashable, Codable, CaseIterable {
            /// The chat template that comes with the base.
            case auto
            /// Nothing: prompts must be plain text.
            case none
        }
        public var path: Path
        public var template: Template
        /// End messages with the opening of an assistant's turn.
        public var addGenerationPrompt: Bool
    }

    /// A place in the model, and the dictionary to encode with there.
    public struct Hook: Sendable, Hashable, Codable {
        public var point: HookPoint
        public var sae: Path
    }

    /// The rankings in the result bundle.
    public struct Rank: Sendable, Hashable, Codable {
        public var by: RankKey
        /// Rows at each end.
        public var top: Int
    }

    public var name: String
    public var base: Path
    public var tuned: [Tuned]
    public var prompts: Prompts
    public var hooks: [Hook]
    public var masks: [TokenMask]
    /// Positions below this belong to no mask.
    public var skipFirst: Int
    public var shardTokens: Int
    public var rank: Rank
    public var seed: UInt64
    /// Sign flips of the permutation test; 0 leaves it out.
    public var permutations: Int
    /// Share of the shards, 0 to 1, that is computed a second time on another worker and compared. It does not change the
    /// result.
    public var verify: Double
}
