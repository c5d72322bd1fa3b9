import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
@testable import Latents
@testable import LatentsSamples

/// Statistics by group of prompts, and contrasts between groups.
@Suite struct GroupsTests {
    private static let lines = ["shard_tokens: 60", "contrasts: [a - b, c - a, c - b]"]

    /// A job over prompts with groups.
    private struct Job {
        let spec: JobSpec
        let task: DiffTask
        let prompts: TokenizedPrompts
        let results: [ShardResult]

        func reducer(mostDifferences: Int = 1 << 20) -> Reducer {
            Reducer(spec: spec, task: task, prompts: prompts, mostDifferences: mostDifferences)
        }

        func folded(skipping: Set<Int> = []) throws -> Reducer {
            var reducer = reducer()
            for (shard, result) in results.enumerated() {
                if skipping.contains(shard) { try reducer.skip() } else { try reducer.fold(result) }
            }
            return reducer
        }
    }

    private func job(
        _ groups: [String]?, ids: [String], counts: [Int], rows: [[SparseRow]], latents: Int,
        _ lines: [String] = lines
    ) throws -> Job {
        let spec = try LatentsSamples.spec(lines.joined(separator: "\n"))
        let task = LatentsSamples.task(spec, latents: latents)
        let plain = LatentsSamples.prompts(counts, ids: ids)
        let prompts = TokenizedPrompts(
            ids: ids, prompts: plain.prompts, masks: plain.masks, groups: groups.map(PromptGroups.init))
        return Job(
            spec: spec, task: task, prompts: prompts, results: LatentsSamples.results(spec, task, prompts, rows))
    }

    /// Groups a and b with the same ids, each pair next to the other or far away, and c with some of them.
    private func random(seed: UInt64, adjacent: Bool = false, permutations: Int = 10) throws -> Job {
        var random = SeededGenerator(seed: seed)
        var prompts = (0..<12).flatMap { [("a", "id-\($0)"), ("b", "id-\($0)")] }
        prompts += (9..<15).map { ("c", "id-\($0)") }
        if !adjacent { prompts.shuffle(using: &random) }
        let counts = prompts.map { _ in Int.random(in: 2...9, using: &random) }
        let rows = (0...1).map { randomRows(counts, latents: 20, rate: 0.6, seed: seed &* 2 &+ UInt64($0)) }
        return try job(
            prompts.map(\.0), ids: prompts.map(\.1), counts: counts, rows: rows, latents: 20,
            ["shard_tokens: 14", "permutations: \(permutations)"] + Self.lines.dropFirst())
    }

    /// 1e-9 relative for p and q, as for the columns over all prompts; the others come from sums of few doubles.
    @Test func everyColumnOfGroupsAndContrastsIsScipys() throws {
        let golden = try Goldens("groups").root
        func strings(_ key: String) throws -> [String] { try golden.required(key).list().map { try $0.string() } }
        func rows(_ key: String) throws -> [SparseRow] {
            try golden.required(key).list().map { row in
                try row.list().map { entry in
                    let entry = try entry.list()
                    return (try entry[0].integer(), try entry[1].number(), try entry[2].integer())
                }
            }
        }
        let job = try job(
            strings("groups"), ids: strings("ids"),
            counts: golden.required("tokens").list().map { try $0.integer() }, rows: [rows("base"), rows("tuned")],
            latents: golden.required("latents").integer())
        #expect(job.results.count > 10)
        let found = try #require(try job.folded().diffs()[0].groups)
        let expected = try golden.required("columns")
        #expect(Set(found.columns.names) == Set(try expected.object().keys))
        var all = LargestDifference()
        for name in found.columns.names {
            let wanted = try Goldens.numbers(expected.required(name))
            let size = wanted.map(abs).max() ?? 0
            let isProbability = name.hasSuffix("/p") || name.hasSuffix("/q")
            let scale: LargestDifference.Scale = isProbability ? .each() : .value(size > 0 ? size : 1)
            var largest = LargestDifference()
            largest.add(try found.columns.required(name), wanted, relativeTo: scale, at: name)
            all.add(try found.columns.required(name), wanted, relativeTo: scale, at: name)
            #expect(largest.value < 1e-9, "\(largest)")
        }
        print("groups and contrasts, largest difference from scipy: \(all)")
        #expect(all.count == 24 * (3 * 10 + 5 + 4 + 4))
        #expect(found.groups.map(\.name) == ["a", "b", "c"] && found.groups.map(\.prompts) == [25, 25, 13])
        #expect(found.contrasts.map(\.isPaired) == [true, false, false])
        #expect(found.contrasts.map(\.pairs) == [25, 0, 0] && found.contrasts.map(\.matching) == [25, 5, 5])
    }

    @Test(
        "groups and contrasts change no other column, and without groups there are none",
        arguments: 0..<4 as Range<UInt64>)
    func others(seed: UInt64) throws {
        let job = try random(seed: seed)
        let plain = TokenizedPrompts(ids: job.prompts.ids, prompts: job.prompts.prompts, masks: job.prompts.masks)
        var reducer = Reducer(spec: job.spec, task: job.task, prompts: plain)
        for result in job.results { try reducer.fold(result) }
        let (with, without) = (try job.folded().diffs()[0], try reducer.diffs()[0])
        #expect(without.groups == nil && with.groups != nil)
        #expect(with.columns == without.columns && with.splitHalf == without.splitHalf)
        for name in without.columns.names {
            #expect(with.columns[name]?.map(\.bitPattern) == without.columns[name]?.map(\.bitPattern))
        }
    }

    @Test(
        "a fold that goes on from a snapshot ends with the same bits, pairs that wait included",
        arguments: 0..<12 as Range<UInt64>)
    func snapshots(seed: UInt64) throws {
        let job = try random(seed: seed)
        let skips: Set<Int> = seed % 3 == 0 ? [1, 4] : []
        let whole = try job.folded(skipping: skips)
        var (pieces, waited) = (job.reducer(), 0)
        for (shard, result) in job.results.enumerated() {
            let bytes = try pieces.snapshot()
            #expect(bytes.count == pieces.snapshotSize)
            pieces = try Reducer(spec: job.spec, task: job.task, prompts: job.prompts, snapshot: bytes)
            #expect(try pieces.snapshot() == bytes)
            if skips.contains(shard) { try pieces.skip() } else { try pieces.fold(result) }
            waited += pieces.tuned[0].pairs[0]?.waiting.count ?? 0
        }
        #expect(waited > 0)
        #expect(try pieces.diffs() == whole.diffs())
        #expect(
            whole.tuned.allSatisfy { $0.pairs.allSatisfy { ($0?.waiting.isEmpty ?? true) && ($0?.count ?? 0) == 0 } })
    }

    @Test("a snapshot with waiting prompts that cannot be is refused, and so is one of other groups")
    func strangeSnapshots() throws {
        let job = try random(seed: 1)
        var reducer = job.reducer()
        for result in job.results.prefix(3) { try reducer.fold(result) }
        let good = try reducer.snapshot()
        let waiting = try #require(reducer.tuned[0].pairs[0]).waiting
        #expect(!waiting.isEmpty)
        // The place of the first of them: before it stand its number and what belongs to it, behind it the rest.
        let size = waiting.values.reduce(0) { $0 + 16 + 12 * $1.values.count }
        let place = good.count - 32 - size
        func refusal(_ value: UInt64, at offset: Int) throws -> String {
            var bytes = Array(good.dropLast(32))
            withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + 8, with: $0) }
            return try complaint {
                _ = try Reducer(
                    spec: job.spec, task: job.task, prompts: job.prompts, snapshot: bytes + Digest(of: bytes).bytes)
            }
        }
        #expect(try refusal(29, at: place).contains("waiting prompts: expected those whose partners come later"))
        #expect(try refusal(.max, at: place).contains("waiting prompt: expected 0 to 30"))
        #expect(try refusal(21, at: place + 8).contains("number of differences: expected 0 to 20"))
        #expect(try refusal(1000, at: place - 8).contains("number of waiting prompts: expected 0 to 30"))
        let other = TokenizedPrompts(
            ids: job.prompts.ids, prompts: job.prompts.prompts, masks: job.prompts.masks,
            groups: PromptGroups((0..<30).map { $0 % 2 == 0 ? "a" : "b" }))
        #expect(
            try complaint {
                _ = try Reducer(spec: job.spec, task: job.task, prompts: other, snapshot: good)
            }.contains("owner"))
    }

    @Test("without some shards the statistics are those of the job without their prompts; broken pairs do not count")
    func skipped() throws {
        let job = try random(seed: 6)
        let skips: Set<Int> = [0, 3]
        let shards = job.reducer().plan.shards
        let left = shards.indices.filter { !skips.contains($0) }.flatMap { shards[$0] }
        let found = try #require(try job.folded(skipping: skips).diffs()[0].groups)
        let groups = try #require(job.prompts.groups)
        func ids(_ group: Int) -> Set<String> {
            Set(left.filter { groups.members[$0] == group }.map { job.prompts.ids[$0] })
        }
        let both = ids(0).intersection(ids(1))
        #expect(both.count < 12 && found.contrasts[0].pairs == both.count && found.contrasts[0].isPaired)
        // Mean over the pairs that are left, from the prompts' own sums.
        let tables = job.results.flatMap { result in
            (0..<result.tokenCounts[0].count).map { row in (result, row) }
        }
        func d(_ prompt: Int, _ latent: Int) -> Double {
            let (result, row) = tables[prompt]
            func sum(_ table: LatentSums) -> Double {
                let entries = table.rowStarts[row]..<table.rowStarts[row + 1]
                return entries.first { table.latents[$0] == latent }.map { table.sums[$0] } ?? 0
            }
            return (sum(result.tables[1]) - sum(result.tables[0])) / Double(result.tokenCounts[0][row])
        }
        var difference = LargestDifference()
        for latent in 0..<20 {
            let pairs = left.filter { groups.members[$0] == 0 && both.contains(job.prompts.ids[$0]) }.map { prompt in
                let other = left.first { groups.members[$0] == 1 && job.prompts.ids[$0] == job.prompts.ids[prompt] }
                return d(prompt, latent) - d(other ?? 0, latent)
            }
            difference.add(
                try found.columns.required("a-b/delta")[latent], pairs.reduce(0, +) / Double(pairs.count),
                relativeTo: .value(1), at: "latent \(latent)")
        }
        #expect(difference.value < 1e-12)
        for (group, name) in groups.names.enumerated() {
            #expect(found.groups[group].prompts == left.count { groups.members[$0] == group }, "\(name)")
        }
    }

    @Test("pairs that are far from each other are held up to a limit, which says what to do; near ones are not held")
    func limit() throws {
        let far = try random(seed: 2, permutations: 0)
        var reducer = far.reducer(mostDifferences: 40)
        let error = try inputError { for result in far.results { try reducer.fold(result) } }
        #expect(error.expected == "at most 40 differences of prompts that wait for their pairs")
        #expect(
            error.hint.hasPrefix("bring the two prompts of each pair near each other") && error.kind == .configuration)
        // Nothing was changed by the refusal.
        #expect(throws: InputError.self) { try reducer.fold(far.results[reducer.nextShard]) }
        let near = try random(seed: 2, adjacent: true)
        let spec = try LatentsSamples.spec(Self.lines.joined(separator: "\n"))
        var other = Reducer(spec: spec, task: near.task, prompts: near.prompts, mostDifferences: 40)
        let rows = (0...1).map {
            randomRows(near.prompts.tokenCounts(mask: 0).map(Int.init), latents: 20, rate: 0.6, seed: $0)
        }
        for result in LatentsSamples.results(spec, near.task, near.prompts, rows) { try other.fold(result) }
        #expect(try other.diffs().count == 1)
    }

    @Test(
        "the bundle has the groups' columns, how contrasts were tested, and each prompt's group; the manifest knows the job"
    )
    func bundle() throws {
        let folder = try TemporaryFolder()
        let job = try random(seed: 3)
        let reducer = try job.folded()
        let path = folder.path + "/b"
        try ResultBundle.write(
            to: path, spec: job.spec, task: job.task,
            provenance: Provenance(
                version: "1", prompts: Digest(of: "p"), tokenizer: Digest(of: "t"), shards: [Digest(of: "0")], isa: []),
            prompts: .init(
                ids: job.prompts.ids, positions: Array(0..<30), groups: job.prompts.groups,
                tokens: [(.all, reducer.tokenCounts[0])],
                kept: [KeptDifferences(latents: [], prompts: 30, leftOut: 0)], room: 10),
            results: reducer.diffs().forEach)
        let bundle = try ResultBundle(folder: path)
        let records = try #require(try PromptRecords(of: bundle))
        let expected = try #require(try reducer.diffs()[0].groups)
        let columns = try #require(try records.groupColumns(of: bundle.entries[0]))
        #expect(columns == expected.columns && columns.names.contains("a-b/cohens_d"))
        #expect(!columns.names.contains("c-a/cohens_d") && columns.names.contains("c/density_tuned"))
        #expect(records.groups == ["a", "b", "c"])
        #expect(records.prompts.compactMap(\.group) == job.prompts.groups?.members.map { ["a", "b", "c"][$0] })
        let root = try Document(jsonFile: path + "/prompts.json")
        let contrasts = try root.required("results").list()[0].required("contrasts").list()
        #expect(try contrasts.map { try $0.required("test").string() } == ["paired", "welch", "welch"])
        #expect(try contrasts[0].required("pairs").integer() == 12)
        #expect(try contrasts[1].required("matching_ids").integer() == 3)
        #expect(try contrasts[1].required("why").string().hasPrefix("only some ids are in both groups"))
        let manifest = try String(contentsOfFile: path + "/manifest.json", encoding: .utf8)
        #expect(manifest.contains("\"a-b\": \"a - b\"") && !manifest.contains("groups."))
        let file = URL(fileURLWithPath: path + "/groups.villain.resid_post.0.all.safetensors")
        var data = try Data(contentsOf: file)
        data[data.count - 1] ^= 1
        try data.write(to: file)
        let text = try complaint { _ = try records.groupColumns(of: bundle.entries[0]) }
        #expect(text.contains("as prompts.json says"))
    }

    @Test("the fold's memory counts groups and contrasts")
    func memory() throws {
        let spec = try LatentsSamples.spec("contrasts: [a - b]")
        let task = LatentsSamples.task(spec, latents: 65536)
        func bytes(_ spec: JobSpec, _ groups: PromptGroups?) -> Int {
            FoldMemory(spec: spec, task: task, prompts: .init(ids: [], prompts: [], masks: [.all], groups: groups))
                .bytes
        }
        let plain = bytes(try LatentsSamples.spec(), nil)
        #expect(bytes(try LatentsSamples.spec(), PromptGroups(["a", "b"])) - plain == 65536 * 2 * (16 + 36 + 240))
        #expect(bytes(spec, PromptGroups(["a", "b"])) - plain == 65536 * (2 * (16 + 36 + 240) + 20 + 120))
    }

    @Test("a contrast names groups that there are, and no group's name is its own")
    func names() throws {
        let spec = try LatentsSamples.spec("contrasts: {a: x - y}")
        let contrast = try #require(spec.contrasts?.first)
        #expect(contrast == spec.contrasts?[0] && contrast.plus == "x" && contrast.minus == "y")
        func refusal(_ groups: [String]) throws -> String {
            try complaint { try contrast.check(groups: groups, place: "job.yaml") }
        }
        #expect(try refusal(["x", "z"]).contains("job.yaml: contrast a: expected one of the groups x, z, found 'y'"))
        #expect(try refusal([]).contains("expected prompts with groups"))
        #expect(try refusal(["a", "x", "y"]).contains("expected a name that no group has"))
        try contrast.check(groups: ["x", "y"], place: "job.yaml")
    }
}
