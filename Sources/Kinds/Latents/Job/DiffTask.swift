import Evaluation
import Inputs
import Prompts

/// What every shard of a job needs besides its tokens: which weights, where to read, what to encode with.
///
/// A pure function of the job spec and of the inputs' digests; every worker gets it with its first lease.
public struct DiffTask: Sendable, Hashable, Codable {
    /// A place in the model and the dictionary that encodes what is found there.
    public struct Hook: Sendable, Hashable, Codable {
        public var point: HookPoint
        /// What tells the hook from others at the same place; nil for the one that needs no name.
        public var name: String?
        public var dictionary: TaskInput
        /// Number of latents of the dictionary.
        public var latents: Int
        public var rule: ActivationRule

        /// Makes a hook.
        public init(
            point: HookPoint, name: String? = nil, dictionary: TaskInput, latents: Int, rule: ActivationRule = .sparse
        ) {
            self.point = point
            self.name = name
            self.dictionary = dictionary
            self.latents = latents
            self.rule = rule
        }

        /// How files and tables name it.
        public var label: String { point.label(name) }

        /// What is evaluated there.
        public var evaluated: EvaluatedHook {
            EvaluatedHook(point: point, dictionary: dictionary, latents: latents, rule: rule)
        }
    }

    public var base: TaskInput
    public var tuned: [TunedInput]
    public var hooks: [Hook]
    public var masks: [TokenMask]

    /// Makes a task.
    public init(base: TaskInput, tuned: [TunedInput], hooks: [Hook], masks: [TokenMask]) {
        self.base = base
        self.tuned = tuned
        self.hooks = hooks
        self.masks = masks
    }

    /// All that workers open.
    public var inputs: TaskInputs {
        TaskInputs(base: base, tuned: tuned, dictionaries: hooks.map(\.dictionary))
    }

    /// Base and tuned checkpoints: checkpoint 0 is the base, checkpoint `i + 1` is `tuned[i]`.
    public var checkpointCount: Int { tuned.count + 1 }

    /// Number of tables in a shard result: one for each checkpoint, hook and mask.
    public var tableCount: Int { checkpointCount * hooks.count * masks.count }

    /// Place of the table of a checkpoint, hook and mask in a shard result.
    public func tableIndex(checkpoint: Int, hook: Int, mask: Int) -> Int {
        (checkpoint * hooks.count + hook) * masks.count + mask
    }
}

/// As JSON, a hook without a name and with the rule `sparse` has neither key: tasks of such jobs keep their bytes.
extension DiffTask.Hook {
    private enum CodingKeys: String, CodingKey {
        case point, name, dictionary, latents, rule
    }

    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            point: try values.decode(HookPoint.self, forKey: .point),
            name: try values.decodeIfPresent(String.self, forKey: .name),
            dictionary: try values.decode(TaskInput.self, forKey: .dictionary),
            latents: try values.decode(Int.self, forKey: .latents),
            rule: try values.decodeIfPresent(ActivationRule.self, forKey: .rule) ?? .sparse)
    }

    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(point, forKey: .point)
        try values.encodeIfPresent(name, forKey: .name)
        try values.encode(dictionary, forKey: .dictionary)
        try values.encode(latents, forKey: .latents)
        if rule != .sparse { try values.encode(rule, forKey: .rule) }
    }
}
