import Inputs

/// A place in the model, and the dictionary that encodes what is found there, as a task was planned with them.
public struct EvaluatedHook: Sendable, Hashable {
    /// The most latents that a dictionary may have.
    public static let mostLatents = 1 << 26

    public var point: HookPoint
    public var dictionary: TaskInput
    /// Number of latents of the dictionary.
    public var latents: Int
    public var rule: ActivationRule

    /// Makes a hook.
    public init(point: HookPoint, dictionary: TaskInput, latents: Int, rule: ActivationRule) {
        self.point = point
        self.dictionary = dictionary
        self.latents = latents
        self.rule = rule
    }
}
