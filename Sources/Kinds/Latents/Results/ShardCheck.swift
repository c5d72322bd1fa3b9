import Inputs

/// Checks that a shard result has the shape of its task and holds numbers that sums of activations can be.
struct ShardCheck {
    let task: DiffTask
    /// The shard's prompts.
    let prompts: Range<Int>
    /// `tokenCounts[mask][prompt]` of all prompts.
    let tokenCounts: [[UInt32]]

    /// Throws `InputError` naming shard and table.
    func check(_ result: ShardResult) throws {
        let place = "shard \(result.shard)"
        let counts = tokenCounts.map { Array($0[prompts]) }
        guard result.tokenCounts == counts else {
            throw InputError(
                "\(place): token counts", expected: Self.describe(counts), found: Self.describe(result.tokenCounts))
        }
        guard result.tables.count == task.tableCount else {
            throw InputError(place, expected: "\(task.tableCount) tables", found: "\(result.tables.count)")
        }
        for checkpoint in 0..<task.checkpointCount {
            let name = checkpoint == 0 ? "base" : task.tuned[checkpoint - 1].name
            for (h, hook) in task.hooks.enumerated() {
                for (m, mask) in task.masks.enumerated() {
                    try check(
                        result.tables[task.tableIndex(checkpoint: checkpoint, hook: h, mask: m)], counts: counts[m],
                        hook: hook, place: "\(place): \(name).\(hook.label).\(mask.rawValue)")
                }
            }
        }
    }

    private func check(_ table: LatentSums, counts: [UInt32], hook: DiffTask.Hook, place: String) throws {
        let entries = table.latents.count
        guard table.sums.count == entries, table.active.count == entries else {
            throw InputError(
                place, expected: "\(entries) sums and counts, as many as latents",
                found: "\(table.sums.count) and \(table.active.count)")
        }
        guard table.rowStarts.count == counts.count + 1, table.rowStarts.first == 0, table.rowStarts.last == entries,
            zip(table.rowStarts, table.rowStarts.dropFirst()).allSatisfy({ $0 <= $1 })
        else {
            throw InputError(
                place, expected: "\(counts.count) rows over \(entries) entries", found: "row starts that do not fit")
        }
        for (row, count) in counts.enumerated() {
            try check(table, row: row, count: count, hook: hook, place: "\(place): row \(row)")
        }
    }

    private func check(
        _ table: LatentSums, row: Int, count: UInt32, hook: DiffTask.Hook, place: String
    ) throws {
        let (entries, latents) = (table.rowStarts[row]..<table.rowStarts[row + 1], hook.latents)
        if let flaw = hook.rule.flaw(entries: entries.count, latents: latents, tokens: count) {
            throw InputError(place, expected: flaw.expected, found: flaw.found)
        }
        var next = 0
        for entry in entries {
            let latent = Int(table.latents[entry])
            guard latent >= next else {
                throw InputError(place, expected: "ascending latents", found: "\(latent) after \(next - 1)")
            }
            guard latent < latents else {
                throw InputError(place, expected: "latents below \(latents)", found: "\(latent)")
            }
            if let flaw = hook.rule.flaw(sum: table.sums[entry], active: table.active[entry], tokens: count) {
                throw InputError(
                    "\(place), latent \(latent)", expected: flaw.expected, found: flaw.found,
                    hint: table.sums[entry].isFinite
                        ? "" : "the checkpoint or the dictionary gives values beyond float32 on this prompt")
            }
            next = latent + 1
        }
    }

    private static func describe(_ counts: [[UInt32]]) -> String {
        let shape = counts.map { "\($0.count) prompts with \($0.reduce(0) { $0 + UInt64($1) }) tokens" }
        return shape.isEmpty ? "no masks" : shape.joined(separator: ", ")
    }
}
