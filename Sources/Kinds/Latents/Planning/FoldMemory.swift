import Prompts

/// The memory that a job's fold takes, as far as it can be told before the first result.
struct FoldMemory: Sendable, Hashable {
    /// Program, and whatever does not grow with the job.
    private static let program = 128 << 20
    /// Bytes a latent, for each half and each group: sums and counts of the base; of a tuned checkpoint these and moments. For
    /// each contrast: moments.
    private static let (baseSums, tunedSums, pairs) = (16, 36, 20)
    /// Bytes a latent that one result takes while its columns are made and written: three samples with their columns, ranks and
    /// order, and the file. What comes with each control: the column, in memory and in the file. With each
    /// group: 10 columns, in memory, as bits and in the file. With each contrast: 5.
    private static let (making, control, group, contrast) = (900, 16, 240, 120)
    /// Bytes a token that is planned: id, masks, and the work that it came in.
    private static let token = 16

    /// All that it comes to; `Int.max` where it cannot be counted.
    let bytes: Int

    /// Of a job with these prompts.
    init(spec: JobSpec, task: DiffTask, prompts: TokenizedPrompts) {
        let controls = spec.tuned.count { $0.control }
        let tables = task.hooks.reduce(0.0) { $0 + Double($1.latents) } * Double(task.masks.count)
        let tuned = Double(task.tuned.count)
        let groups = prompts.groups?.names.count ?? 0
        let contrasts = spec.contrasts?.count ?? 0
        let parts = 2 + Double(groups)
        let sums =
            tables
            * (parts * Double(Self.baseSums) + tuned * (parts * Double(Self.tunedSums) + Double(contrasts * Self.pairs)))
        // One result is made and written after another.
        let making = Double(
            (task.hooks.map(\.latents).max() ?? 0)
                * (Self.making + controls * Self.control + groups * Self.group + contrasts * Self.contrast))
        let kept = Self.keptDifferences(spec: spec, task: task, prompts: prompts.ids.count)
        let tokens = prompts.tokenCount
        // Only the differences that there are take memory, 16 bytes each; how many, the results will tell.
        let all = Double(Self.program) + sums + making + kept + Double(tokens) * Double(Self.token)
        bytes = all < Double(Int.max / 2) ? Int(all) : .max
    }

    /// The differences by prompt that the second pass keeps, 8 bytes each; those of one result twice more while its file is
    /// made.
    private static func keptDifferences(spec: JobSpec, task: DiffTask, prompts: Int) -> Double {
        let results = task.tuned.count * task.hooks.count * task.masks.count
        let room = Double(KeptLatents.room(results: results))
        let named = Double(spec.keepLatents?.count ?? 0)
        let most = task.hooks.map { hook in
            min(room, min(Double(hook.latents), named + 2 * Double(spec.rank.top)) * Double(prompts))
        }
        let all = most.reduce(0, +) * Double(task.tuned.count * task.masks.count)
        return 8 * (all + 2 * (most.max() ?? 0))
    }
}
