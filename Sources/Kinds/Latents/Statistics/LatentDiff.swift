import Evaluation
import Prompts

/// What one tuned checkpoint changed at one hook under one mask.
public struct LatentDiff: Sendable, Hashable {
    /// Name of the tuned checkpoint.
    public var tuned: String
    /// As the hook labels itself, such as `resid_post.15`.
    public var hook: String
    public var rule: ActivationRule
    public var mask: TokenMask
    /// True when the tuned checkpoint is a control.
    public var control: Bool
    public var prompts: Int
    /// Masked tokens.
    public var tokens: Int
    /// Latents that fired in either checkpoint; all of them with the rule `linear`.
    public var fired: Int
    public var columns: LatentColumns
    public var splitHalf: SplitHalf
    /// Nil where prompts have no groups.
    public var groups: GroupStatistics?

    /// The name that its files share: `<tuned>.<hook>.<mask>`.
    public var fileName: String { "\(tuned).\(hook).\(mask.rawValue)" }
}
