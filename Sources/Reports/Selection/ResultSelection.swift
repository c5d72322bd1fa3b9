import Inputs
import Latents
import Prompts

/// Which results of a bundle are wanted.
public struct ResultSelection: Sendable, Hashable {
    /// Only this tuned checkpoint.
    public var tuned: String?
    /// Only this hook, by its label.
    public var hook: String?
    public var mask: TokenMask?

    /// All of them where everything is nil.
    public init(tuned: String? = nil, hook: String? = nil, mask: TokenMask? = nil) {
        (self.tuned, self.hook, self.mask) = (tuned, hook, mask)
    }

    /// Those of a bundle that are wanted. Throws `InputError` of kind `usage` for what the bundle does not have.
    public func entries(of bundle: ResultBundle) throws -> [ResultBundle.Entry] {
        let all = bundle.entries
        try check(tuned: all.map(\.tuned), hooks: all.map(\.hook), masks: all.map(\.mask))
        return all.filter {
            (tuned ?? $0.tuned) == $0.tuned && (hook ?? $0.hook) == $0.hook && (mask ?? $0.mask) == $0.mask
        }
    }

    /// Throws `InputError` of kind `usage` where something is wanted that is not among these.
    public func check(tuned: [String], hooks: [String], masks: [TokenMask]) throws {
        let choices: [(String, String?, [String])] = [
            ("--tuned", self.tuned, tuned), ("--hook", hook, hooks), ("--mask", mask?.rawValue, masks.map(\.rawValue)),
        ]
        for (option, chosen, there) in choices {
            guard let chosen, !there.contains(chosen) else { continue }
            let names: [String] = there.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
            throw InputError(
                option, expected: "what the job has: \(names.joined(separator: ", "))", found: chosen,
                hint: Suggestion.hint(for: chosen, among: names), kind: .usage)
        }
    }
}
