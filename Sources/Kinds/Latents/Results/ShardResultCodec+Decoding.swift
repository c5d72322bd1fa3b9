import Inputs
import Prompts

extension ShardResultCodec {
    /// The result in `bytes`, held against the task and the shard that it must be of: numbers of prompts, masks and
    /// tables, token counts equal to the masks' own, latents within their dictionary, and sums and active counts that
    /// the dictionary's rule can give.
    ///
    /// Throws `ByteError` for anything else.
    public static func decode(_ bytes: [UInt8], task: DiffTask, work: ShardWork) throws -> ShardResult {
        guard bytes.count <= ShardResultCodec.mostBytes else {
            throw ByteError("result", expected: "at most \(ShardResultCodec.mostBytes) bytes", found: "\(bytes.count)")
        }
        var reader = ByteReader(bytes)
        let found = try reader.raw(magic.count, "result.magic")
        guard found.elementsEqual(magic) else {
            throw ByteError("result.magic", expected: "the letters ADSR", found: "bytes \(Array(found))")
        }
        let version: UInt16 = try reader.fixed("result.version")
        guard version == Self.version else {
            throw ByteError("result.version", expected: "\(Self.version)", found: "\(version)")
        }
        try expect(work.index, "result.shard", from: &reader)
        try expect(work.prompts.count, "result.prompts", from: &reader)
        try expect(task.masks.count, "result.masks", from: &reader)
        try expect(task.tableCount, "result.tables", from: &reader)
        let entries = try reader.integer("result.entries", limit: mostEntries(task: task, work: work))

        let tokenCounts = try readTokenCounts(task: task, work: work, from: &reader)
        let rows = work.prompts.count * task.tableCount
        let rowLengths = try Column.read("result.rows", count: rows, as: UInt32.self, from: &reader)
        let steps = try Column.read("result.latents", count: entries, as: UInt32.self, from: &reader)
        let sums = try Column.read("result.sums", count: entries, as: UInt64.self, from: &reader)
        let active = try Column.read("result.active", count: entries, as: UInt32.self, from: &reader)
        try reader.end("result")

        var columns = Entries(rowLengths: rowLengths[...], steps: steps[...], sums: sums[...], active: active[...])
        var tables: [LatentSums] = []
        for index in 0..<task.tableCount {
            let mask = index % task.masks.count
            let hook = index / task.masks.count % task.hooks.count
            tables.append(
                try columns.next("result.table \(index)", hook: task.hooks[hook], tokens: tokenCounts[mask]))
        }
        guard columns.steps.isEmpty else {
            throw ByteError("result.rows", expected: "\(entries) entries", found: "\(columns.steps.count) fewer")
        }
        return ShardResult(shard: work.index, tokenCounts: tokenCounts, tables: tables)
    }

    /// Every latent of every table fired on every prompt, within what a result may weigh.
    private static func mostEntries(task: DiffTask, work: ShardWork) -> Int {
        let perPrompt = task.hooks.reduce(0) { $0 + $1.latents } * task.checkpointCount * task.masks.count
        let (all, overflow) = perPrompt.multipliedReportingOverflow(by: work.prompts.count)
        let byWeight = ShardResultCodec.mostBytes / 16
        return overflow ? byWeight : min(all, byWeight)
    }

    private static func expect(_ expected: Int, _ what: String, from reader: inout ByteReader) throws {
        let found = try reader.varint(what)
        guard found == UInt64(expected) else { throw ByteError(what, expected: "\(expected)", found: "\(found)") }
    }

    private static func readTokenCounts(
        task: DiffTask, work: ShardWork, from reader: inout ByteReader
    ) throws -> [[UInt32]] {
        let prompts = work.prompts.count
        let flat = try Column.read(
            "result.tokenCounts", count: prompts * task.masks.count, as: UInt32.self, from: &reader)
        for (mask, name) in task.masks.enumerated() {
            for (at, prompt) in work.prompts.enumerated() {
                let expected = prompt.masks.count { $0 >> mask & 1 == 1 }
                let found = flat[mask * prompts + at]
                guard found == expected else {
                    throw ByteError(
                        "result.tokenCounts of prompt \(prompt.index) under mask \(name.rawValue)",
                        expected: "\(expected)", found: "\(found)")
                }
            }
        }
        return task.masks.indices.map { Array(flat[$0 * prompts..<($0 + 1) * prompts]) }
    }
}

/// The columns of all tables, used up table by table.
private struct Entries {
    var rowLengths: ArraySlice<UInt32>
    var steps: ArraySlice<UInt32>
    var sums: ArraySlice<UInt64>
    var active: ArraySlice<UInt32>

    /// The next table: a row for each of `tokens`, the prompts' token counts.
    mutating func next(_ what: String, hook: DiffTask.Hook, tokens: [UInt32]) throws -> LatentSums {
        let latents = hook.latents
        var table = LatentSums()
        for tokens in tokens {
            let length = Int(rowLengths.removeFirst())
            guard length <= steps.count else {
                throw ByteError(what, expected: "a row within \(steps.count) entries", found: "\(length)")
            }
            if let flaw = hook.rule.flaw(entries: length, latents: latents, tokens: tokens) {
                throw ByteError(what, expected: flaw.expected, found: flaw.found)
            }
            var latent: UInt64 = 0
            for at in 0..<length {
                let step = steps.removeFirst()
                latent += UInt64(step)
                guard at == 0 || step > 0, latent < UInt64(latents), let latent = UInt32(exactly: latent) else {
                    throw ByteError(what, expected: "ascending latents below \(latents)", found: "\(latent)")
                }
                let sum = Double(bitPattern: sums.removeFirst())
                let count = active.removeFirst()
                if let flaw = hook.rule.flaw(sum: sum, active: count, tokens: tokens) {
                    throw ByteError("\(what), latent \(latent)", expected: flaw.expected, found: flaw.found)
                }
                table.append(latent: latent, sum: sum, active: count)
            }
            table.endRow()
        }
        return table
    }
}
