import Evaluation
import Inputs

/// The memory that a job's fold takes at most, and what a result of a shard may have.
struct FoldMemory {
    private static let program = 128 << 20
    /// Bytes of an exemplar besides its activations, and of a token that is planned.
    private static let (exemplar, token) = (200, 16)
    /// What is there at a time: what was folded, the next result, and their union.
    private static let copies = 3

    let bytes: Int
    /// Of all exemplars of a result.
    private let result: Int

    init(_ task: ExemplarsTask, tokens: Int) {
        let window = 4 * (task.before + task.after + 1) * task.modelCount
        result = task.hooks.reduce(0) { sum, hook in
            let intervals = ActivationScale.intervals * (hook.rule == .linear ? 2 : 1)
            let groups = ExemplarGroup.all(models: task.modelCount, rule: hook.rule).count
            let exemplars = groups * task.selection.examples + intervals * task.selection.perInterval
            let counts = 8 * ActivationScale.binCount(hook.rule) * (task.modelCount + 1)
            return sum + hook.chosen.count * (exemplars * (window + Self.exemplar) + counts)
        }
        bytes = Self.program + Self.copies * result + Self.token * tokens
    }

    /// The bytes. Throws `InputError` where results would be larger than any may be.
    func checked() throws -> Int {
        guard result <= ExemplarsCodec.mostBytes else {
            throw InputError(
                "the job", expected: "exemplars of at most \(ExemplarsCodec.mostBytes >> 20) MiB",
                found: "up to \(result >> 20) MiB",
                hint: "ask for fewer latents, fewer examples, a smaller window, or fewer tuned checkpoints at once")
        }
        return bytes
    }
}
