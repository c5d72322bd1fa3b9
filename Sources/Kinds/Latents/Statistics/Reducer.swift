import Inputs
import Prompts

/// Folds shard results, strictly in the plan's order and in float64, into the statistics of every tuned checkpoint, hook
/// and mask.
///
/// The order makes the result independent of who computed what when. Memory is a few numbers a latent for each
/// result; only the permutation test keeps more (see `SignFlips`).
public struct Reducer: Sendable {
    let spec: JobSpec
    let task: DiffTask
    let plan: ShardPlan
    /// `tokenCounts[mask][prompt]`, as the prompts were tokenised.
    let tokenCounts: [[UInt32]]
    /// Prompt ids.
    let ids: [String]
    /// Nil where prompts have none.
    let groups: PromptGroups?
    /// The job's contrasts between groups.
    let designs: [ContrastDesign]
    /// For each prompt 0 for half A, 1 for half B.
    private let halves: [Int]
    private let mostDifferences: Int
    /// `groupBase[hook * masks + mask][group]`
    var groupBase: [[CheckpointSums]]
    /// `base[hook * masks + mask][half]`
    var base: [[CheckpointSums]]
    /// `tuned[(tuned * hooks + hook) * masks + mask]`
    var tuned: [TunedSums]

    /// The next shard that `fold` or `skip` takes.
    public internal(set) var nextShard = 0
    /// Shards that were skipped, ascending.
    public internal(set) var skipped: [Int] = []
    /// Prompts in them. Sign flips are drawn by position among the prompts that count, as if these had never been.
    var promptsSkipped = 0

    /// Sums of one tuned checkpoint at one hook under one mask.
    struct TunedSums {
        /// By half.
        var sums: [CheckpointSums]
        var moments: [PromptMoments]
        /// Only with a permutation test.
        var flips: SignFlips?
        /// By group.
        var groups: [GroupSums]
        /// For each contrast its pairs; nil where it is of independent groups.
        var pairs: [PairedDifferences?]
    }

    /// Nothing folded yet. `task` is the job's, `prompts` as the shards were made from.
    public init(spec: JobSpec, task: DiffTask, prompts: TokenizedPrompts) {
        self.init(spec: spec, task: task, prompts: prompts, mostDifferences: SignFlips.mostDifferences)
    }

    init(spec: JobSpec, task: DiffTask, prompts: TokenizedPrompts, mostDifferences: Int) {
        self.spec = spec
        self.task = task
        self.mostDifferences = mostDifferences
        plan = ShardPlan(prompts, shardTokens: spec.shardTokens)
        tokenCounts = task.masks.indices.map(prompts.tokenCounts)
        ids = prompts.ids
        halves = prompts.ids.map { SplitHalf.isInB($0) ? 1 : 0 }
        groups = prompts.groups
        designs = (spec.contrasts ?? []).compactMap { contrast in
            prompts.groups.flatMap { ContrastDesign(contrast, groups: $0, ids: prompts.ids) }
        }
        let flips = spec.permutations > 0 ? SignFlips() : nil
        let groupCount = prompts.groups?.names.count ?? 0
        base = []
        groupBase = []
        tuned = []
        for hook in task.hooks {
            let sums = [CheckpointSums](repeating: CheckpointSums(latents: hook.latents), count: 2)
            base += task.masks.map { _ in sums }
            let groups = [CheckpointSums](repeating: CheckpointSums(latents: hook.latents), count: groupCount)
            groupBase += task.masks.map { _ in groups }
        }
        for _ in task.tuned {
            for hook in task.hooks {
                let sums = TunedSums(
                    sums: [CheckpointSums](repeating: CheckpointSums(latents: hook.latents), count: 2),
                    moments: [PromptMoments](repeating: PromptMoments(latents: hook.latents), count: 2), flips: flips,
                    groups: [GroupSums](repeating: GroupSums(latents: hook.latents), count: groupCount),
                    pairs: designs.map { $0.partners == nil ? nil : PairedDifferences(latents: hook.latents) })
                tuned += task.masks.map { _ in sums }
            }
        }
    }

    /// Number of shards in the plan.
    public var shardCount: Int { plan.shards.count }

    /// Adds the next shard. Throws `InputError`, and changes nothing, when it is another shard, does not have the task's
    /// shape, or holds what no computation of sums can give.
    public mutating func fold(_ result: ShardResult) throws {
        guard nextShard < shardCount, result.shard == nextShard else {
            throw InputError(
                "shard \(result.shard)",
                expected: nextShard < shardCount ? "shard \(nextShard) to fold next" : "no more shards",
                found: "this one")
        }
        let prompts = plan.shards[nextShard]
        try ShardCheck(task: task, prompts: prompts, tokenCounts: tokenCounts).check(result)
        try refuseTooManyDifferences(result)
        try refuseTooManyWaiting(result, prompts: prompts)
        for hook in task.hooks.indices {
            for mask in task.masks.indices {
                fold(result, hook: hook, mask: mask, prompts: prompts)
            }
        }
        nextShard += 1
    }

    /// Leaves the next shard out: the statistics become those of the job without its prompts. Throws `InputError` when
    /// there is none.
    public mutating func skip() throws {
        guard nextShard < shardCount else {
            throw InputError("shard \(nextShard)", expected: "no more shards", found: "one to skip")
        }
        for (number, design) in designs.enumerated() {
            for partner in plan.shards[nextShard].compactMap(design.partner) {
                for slot in tuned.indices { tuned[slot].pairs[number]?.drop(partner: partner) }
            }
        }
        skipped.append(nextShard)
        promptsSkipped += plan.shards[nextShard].count
        nextShard += 1
    }

    private mutating func fold(_ result: ShardResult, hook: Int, mask: Int, prompts: Range<Int>) {
        let baseTable = result.tables[task.tableIndex(checkpoint: 0, hook: hook, mask: mask)]
        for (row, prompt) in prompts.enumerated() {
            base[hook * task.masks.count + mask][halves[prompt]].add(baseTable, row: row)
            if let groups {
                groupBase[hook * task.masks.count + mask][groups.members[prompt]].add(baseTable, row: row)
            }
        }
        for checkpoint in task.tuned.indices {
            let table = result.tables[task.tableIndex(checkpoint: checkpoint + 1, hook: hook, mask: mask)]
            let slot = slot(tuned: checkpoint, hook: hook, mask: mask)
            for (row, prompt) in prompts.enumerated() {
                tuned[slot].sums[halves[prompt]].add(table, row: row)
                let tokens = Double(tokenCounts[mask][prompt])
                Self.eachDifference(of: table, from: baseTable, row: row) { latent, difference in
                    tuned[slot].moments[halves[prompt]].add(difference / tokens, latent: latent)
                    tuned[slot].flips?.add(
                        difference / tokens, prompt: prompt - promptsSkipped, latent: latent)
                }
                foldGroup(table, from: baseTable, row: row, prompt: prompt, tokens: tokens, slot: slot)
            }
        }
    }

    /// Adds a prompt to its group, and to the contrasts that take it as one of a pair.
    private mutating func foldGroup(
        _ table: LatentSums, from baseTable: LatentSums, row: Int, prompt: Int, tokens: Double, slot: Int
    ) {
        guard let groups else { return }
        let group = groups.members[prompt]
        tuned[slot].groups[group].sums.add(table, row: row)
        let isOfPair = designs.contains { $0.partner(of: prompt) != nil }
        var differences = SparseDifferences()
        Self.eachDifference(of: table, from: baseTable, row: row) { latent, difference in
            tuned[slot].groups[group].moments.add(difference / tokens, latent: latent)
            if isOfPair { differences.append(latent, difference / tokens) }
        }
        for (number, design) in designs.enumerated() {
            guard let partner = design.partner(of: prompt) else { continue }
            tuned[slot].pairs[number]?
                .add(differences, prompt: prompt, partner: partner, isPlus: group == design.plus)
        }
    }

    /// Calls `visit` with every latent whose sums differ in row `row`, ascending, and tuned less base.
    static func eachDifference(
        of tuned: LatentSums, from base: LatentSums, row: Int, _ visit: (Int, Double) -> Void
    ) {
        var (t, b) = (tuned.rowStarts[row], base.rowStarts[row])
        let (tunedEnd, baseEnd) = (tuned.rowStarts[row + 1], base.rowStarts[row + 1])
        while t < tunedEnd || b < baseEnd {
            let tunedLatent = t < tunedEnd ? tuned.latents[t] : .max
            let baseLatent = b < baseEnd ? base.latents[b] : .max
            var difference = 0.0
            if tunedLatent <= baseLatent {
                difference += tuned.sums[t]
                t += 1
            }
            if baseLatent <= tunedLatent {
                difference -= base.sums[b]
                b += 1
            }
            if difference != 0 { visit(Int(min(tunedLatent, baseLatent)), difference) }
        }
    }

    /// Gives `visit` the statistics of all results, one after another in the order tuned, hook, mask: together their columns
    /// would take several times the memory of the sums. Throws `InputError` before the last shard is in, and where every shard
    /// was skipped.
    ///
    /// `check` is called again and again while the permutation test runs, which can take hours; what it throws ends it.
    public func finish(check: () throws -> Void = {}, _ visit: (LatentDiff) throws -> Void) throws {
        guard nextShard == shardCount else {
            throw InputError("fold", expected: "all \(shardCount) shards", found: "\(nextShard)", kind: .temporary)
        }
        let counted = countedPrompts
        guard !counted.isEmpty else {
            throw InputError("fold", expected: "a shard with a result", found: "none among \(shardCount)")
        }
        try eachResult { checkpoint, hook, mask in
            try visit(diff(tuned: checkpoint, hook: hook, mask: mask, counted: counted, check: check))
        }
    }

    /// The shards that were not skipped, ascending.
    var countedShards: [Int] {
        let left = Set(skipped)
        return plan.shards.indices.filter { !left.contains($0) }
    }

    /// The prompts in them, ascending.
    var countedPrompts: [Int] { countedShards.flatMap { plan.shards[$0] } }

    /// Calls `visit` with the tuned checkpoint, hook and mask of each result, in that order.
    func eachResult(_ visit: (_ tuned: Int, _ hook: Int, _ mask: Int) throws -> Void) rethrows {
        for checkpoint in task.tuned.indices {
            for hook in task.hooks.indices {
                for mask in task.masks.indices { try visit(checkpoint, hook, mask) }
            }
        }
    }

    /// What is known over all prompts that count.
    func sample(tuned checkpoint: Int, hook: Int, mask: Int) -> PromptSample {
        let halves = samples(tuned: checkpoint, hook: hook, mask: mask, counted: countedPrompts)
        return halves[0] + halves[1]
    }

    /// `counted` are the prompts whose shards were not skipped.
    private func diff(
        tuned checkpoint: Int, hook: Int, mask: Int, counted: [Int], check: () throws -> Void
    ) throws -> LatentDiff {
        let samples = self.samples(tuned: checkpoint, hook: hook, mask: mask, counted: counted)
        let whole = samples[0] + samples[1]
        let (a, b) = (samples[0].columns(), samples[1].columns())
        var columns = whole.columns()
        if samples.allSatisfy({ $0.prompts > 0 }) {
            columns.append("delta_half_a", try a.required("delta"))
            columns.append("delta_half_b", try b.required("delta"))
        }
        if let flips = tuned[slot(tuned: checkpoint, hook: hook, mask: mask)].flips {
            columns.append(
                "p_permutation",
                try flips.pValues(
                    latents: columns.latents, prompts: counted.count, permutations: spec.permutations, seed: spec.seed,
                    check: check))
        }
        if !isControl(checkpoint) {
            for control in task.tuned.indices where isControl(control) {
                let other = self.samples(tuned: control, hook: hook, mask: mask, counted: counted)
                columns.append(
                    "delta_minus_\(task.tuned[control].name)",
                    zip(whole.delta, (other[0] + other[1]).delta).map { $0 - $1 })
            }
        }
        return LatentDiff(
            tuned: task.tuned[checkpoint].name, hook: task.hooks[hook].label, rule: task.hooks[hook].rule,
            mask: task.masks[mask], control: isControl(checkpoint), prompts: whole.prompts, tokens: Int(whole.tokens),
            fired: whole.fired.count, columns: columns,
            splitHalf: try SplitHalf(a: samples[0], b: samples[1], columnsA: a, columnsB: b, rank: spec.rank),
            groups: groupStatistics(tuned: checkpoint, hook: hook, mask: mask, counted: counted))
    }

    /// What is known over the prompts of each half.
    private func samples(tuned checkpoint: Int, hook: Int, mask: Int, counted: [Int]) -> [PromptSample] {
        let slot = slot(tuned: checkpoint, hook: hook, mask: mask)
        return (0...1).map { half in
            let members = counted.filter { halves[$0] == half }
            return PromptSample(
                rule: task.hooks[hook].rule, prompts: members.count,
                tokens: members.reduce(0) { $0 + UInt64(tokenCounts[mask][$1]) },
                base: base[hook * task.masks.count + mask][half], tuned: tuned[slot].sums[half],
                differences: tuned[slot].moments[half])
        }
    }

    private func isControl(_ checkpoint: Int) -> Bool {
        spec.tuned.contains { $0.name == task.tuned[checkpoint].name && $0.control }
    }

    func slot(tuned: Int, hook: Int, mask: Int) -> Int {
        (tuned * task.hooks.count + hook) * task.masks.count + mask
    }

    /// The permutation test would otherwise fill the memory without a word.
    private func refuseTooManyDifferences(_ result: ShardResult) throws {
        guard spec.permutations > 0 else { return }
        let kept = tuned.reduce(0) { $0 + ($1.flips?.count ?? 0) }
        // Each entry of the base may become a difference of every tuned checkpoint.
        let baseTables = task.hooks.count * task.masks.count
        let coming = result.tables.enumerated().reduce(0) { sum, table in
            sum + table.element.latents.count * (table.offset < baseTables ? task.tuned.count : 1)
        }
        guard kept + coming <= mostDifferences else {
            throw InputError(
                "shard \(result.shard)", expected: "at most \(mostDifferences) differences for the permutation test",
                found: "\(kept) and up to \(coming) more", hint: "set permutations: 0, or use fewer prompts or masks",
                kind: .configuration)
        }
    }
    /// Prompts whose partners are far from them would otherwise fill the memory without a word.
    private func refuseTooManyWaiting(_ result: ShardResult, prompts: Range<Int>) throws {
        let kept = tuned.reduce(0) { $0 + $1.pairs.reduce(0) { $0 + ($1?.count ?? 0) } }
        let baseTables = task.hooks.count * task.masks.count
        var coming = 0
        for (row, prompt) in prompts.enumerated() {
            let waits = designs.count { ($0.partner(of: prompt) ?? 0) >= prompts.upperBound }
            guard waits > 0 else { continue }
            for (number, table) in result.tables.enumerated() {
                let entries = table.rowStarts[row + 1] - table.rowStarts[row]
                coming += entries * waits * (number < baseTables ? task.tuned.count : 1)
            }
        }
        guard kept + coming <= mostDifferences else {
            throw InputError(
                "shard \(result.shard)",
                expected: "at most \(mostDifferences) differences of prompts that wait for their pairs",
                found: "\(kept) and up to \(coming) more",
                hint: "bring the two prompts of each pair near each other, or use fewer prompts, masks or contrasts",
                kind: .configuration)
        }
    }
}
