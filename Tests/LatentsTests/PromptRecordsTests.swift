import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
import Work
@testable import Latents
@testable import LatentsSamples

/// d(p, j) in the bundle: by prompt what the columns are the means of.
@Suite struct PromptRecordsTests {
    private let folder: TemporaryFolder
    private let counts = (0..<60).map { 2 + $0 * 7 % 5 }
    private static let latents = 40

    init() throws { folder = try TemporaryFolder() }

    /// A fold with everything in it, and the results that went in.
    private struct Folded {
        var fold: LatentsFold
        let results: [ShardResult]
        let spec: JobSpec
        let task: DiffTask
        let prompts: TokenizedPrompts
        /// Rows of the base and of the tuned checkpoints.
        let rows: [[SparseRow]]
    }

    private func folded(
        _ lines: String..., rank: String = "{by: delta, top: 3}", skipping: Set<Int> = []
    ) throws -> Folded {
        let yaml = ["rank: \(rank)", "shard_tokens: 12"] + lines
        let spec = try LatentsSamples.spec(
            tuned: ["{name: v, adapter: a}", "{name: w, adapter: b}"], masks: "[all, last]",
            yaml.joined(separator: "\n"))
        let task = LatentsSamples.task(spec, latents: Self.latents)
        let prompts = LatentsSamples.prompts(counts, masks: spec.masks)
        let rows = (0...2).map { randomRows(counts, latents: Self.latents, rate: 0.5, seed: UInt64(40 + $0)) }
        let results = LatentsSamples.results(spec, task, prompts, rows)
        let works = ShardPlan(prompts, shardTokens: spec.shardTokens).work(prompts)
        var fold = LatentsFold(
            spec: spec, task: task,
            provenance: Provenance(
                version: "1", prompts: Digest(of: "p"), tokenizer: Digest(of: "t"), shards: [], isa: []),
            sizes: works.map { .init(prompts: $0.prompts.count, tokens: $0.tokenCount) },
            reducer: Reducer(spec: spec, task: task, prompts: prompts)
        ) { index in
            let payload = Payload(kind: LatentsKind.name, version: ShardWork.layout, bytes: works[index].bytes)
            return WorkShard(index: index, payload: payload)
        }
        for (shard, result) in results.enumerated() {
            if skipping.contains(shard) {
                try fold.skip(InputError("shard", expected: "luck", found: "none"))
            } else {
                try fold.fold(ShardResultCodec.encode(result))
            }
        }
        return Folded(fold: fold, results: results, spec: spec, task: task, prompts: prompts, rows: rows)
    }

    private func bundle(_ folded: Folded, skipping: Set<Int> = []) throws -> ResultBundle {
        var fold = folded.fold
        #expect(try fold.beginSecondPass {})
        for (shard, result) in folded.results.enumerated() where !skipping.contains(shard) {
            try fold.review(ShardResultCodec.encode(result))
        }
        let path = folder.path + "/" + UUID().uuidString
        let digests = folded.results.map { skipping.contains($0.shard) ? nil : Digest(of: "\($0.shard)") }
        try fold.write(
            into: path, provenance: FoldProvenance(contentDigests: digests, numberSystems: ["cpu/avx2"])
        ) {}
        return try ResultBundle(folder: path)
    }

    @Test("the differences of a latent are those of the prompts' own sums, and their mean is prompt_delta")
    func values() throws {
        let folded = try folded("keep_latents: [39, 0, 7]")
        #expect(folded.results.count > 5)
        let bundle = try bundle(folded)
        let records = try #require(try PromptRecords(of: bundle))
        #expect(records.prompts.map(\.id) == folded.prompts.ids)
        #expect(records.prompts.map(\.position) == Array(counts.indices))
        var (means, values) = (LargestDifference(), LargestDifference())
        for (number, entry) in bundle.entries.enumerated() {
            let columns = try bundle.columns(of: entry)
            let kept = try records.differences(of: entry)
            let ranking = try Ranking(columns, by: RankColumn("delta"), top: 3, bottom: 3)
            #expect(kept.latents == Set((ranking.top + ranking.bottom).map(\.latent) + [39, 0, 7]).sorted())
            #expect(try records.shortage(of: entry) == nil)
            let rows = (folded.rows[0], folded.rows[1 + number / 2])
            for latent in kept.latents {
                let d = Array(try #require(kept[latent]))
                means.add(
                    d.reduce(0, +) / Double(d.count), try columns.required("prompt_delta")[latent],
                    relativeTo: .each(), at: "\(entry.tuned) latent \(latent)")
                let expected = counts.indices.map { prompt in
                    let sums = [rows.0, rows.1].map { $0[prompt].first { $0.latent == latent }?.sum ?? 0 }
                    return (sums[1] - sums[0]) / Double(counts[prompt])
                }
                values.add(d, expected, relativeTo: .each(), at: "\(entry.tuned) latent \(latent)")
            }
            #expect(kept[(0..<Self.latents).first { !kept.latents.contains($0) } ?? -1] == nil)
        }
        print("mean d by prompt less prompt_delta, relative: \(means); d: \(values)")
        #expect(means.value < 1e-12)
        #expect(values.value == 0)
    }

    @Test("prompts of shards that are missing are not among them; positions tell which are", arguments: [[0], [2, 3]])
    func partial(skipped: [Int]) throws {
        let skips = Set(skipped)
        let folded = try folded(skipping: skips)
        let bundle = try bundle(folded, skipping: skips)
        let records = try #require(try PromptRecords(of: bundle))
        let shards = ShardPlan(folded.prompts, shardTokens: folded.spec.shardTokens).shards
        let left = shards.indices.filter { !skips.contains($0) }.flatMap { shards[$0] }
        #expect(records.prompts.map(\.position) == left && records.prompts.map(\.id) == left.map { "prompt-\($0)" })
        var means = LargestDifference()
        for entry in bundle.entries {
            let column = try bundle.columns(of: entry).required("prompt_delta")
            let kept = try records.differences(of: entry)
            for latent in kept.latents {
                let d = try #require(kept[latent])
                #expect(d.count == left.count)
                means.add(d.reduce(0, +) / Double(left.count), column[latent], relativeTo: .each())
            }
        }
        #expect(means.value < 1e-12)
    }

    @Test("ranked by each key, the ends are those of the bundle's own lists", arguments: RankKey.allCases)
    func ends(key: RankKey) throws {
        let bundle = try bundle(folded(rank: "{by: \(key.rawValue), top: 5}"))
        let records = try #require(try PromptRecords(of: bundle))
        for entry in bundle.entries {
            let top = try Document(jsonFile: "\(bundle.folder)/top.\(entry.fileName).json")
            let listed = try ["top", "bottom"].flatMap {
                try top.required($0).list().map { try $0.required("latent").integer() }
            }
            #expect(try records.differences(of: entry).latents == Set(listed).sorted())
        }
    }

    @Test("where there is no room for all, named latents come first, then both ends in turn")
    func room() {
        let values = (0..<10).map { Double(9 - $0) }
        func kept(_ named: [Int], top: Int, room: Int) -> ([Int], Int) {
            let kept = KeptLatents(named: named, ranked: values, top: top, room: room)
            return (kept.latents, kept.leftOut)
        }
        #expect(kept([], top: 3, room: 100) == ([0, 1, 2, 7, 8, 9], 0))
        #expect(kept([], top: 3, room: 3) == ([0, 1, 9], 3))
        #expect(kept([5, 9, 30], top: 3, room: 4) == ([0, 1, 5, 9], 3))
        #expect(kept([5, 6, 7], top: 1, room: 2) == ([5, 6], 3))
        #expect(kept([], top: 1 << 30, room: 100) == (Array(0..<10), 0))
        #expect(kept([1], top: 2, room: 0) == ([], 4 + 1 - 1))
        #expect(KeptLatents.room(results: 1) == 4 << 20)
        #expect(KeptLatents.room(results: 8) == 4 << 20)
        #expect(KeptLatents.room(results: 36) == (32 << 20) / 36)
    }

    @Test("what was left out is said in words")
    func shortage() throws {
        let spec = try LatentsSamples.spec()
        let task = LatentsSamples.task(spec, latents: 5)
        let diffs = try LatentsSamples.diffs(
            spec, task, LatentsSamples.prompts([2, 3]),
            (0...1).map { randomRows([2, 3], latents: 5, rate: 0.9, seed: $0) })
        let path = folder.path + "/short"
        try ResultBundle.write(
            to: path, spec: spec, task: task,
            provenance: Provenance(
                version: "1", prompts: Digest(of: "p"), tokenizer: Digest(of: "t"), shards: [Digest(of: "0")], isa: []),
            prompts: .init(
                ids: ["a", "b"], positions: [0, 1], tokens: [(.all, [2, 3])],
                kept: [KeptDifferences(latents: [4], prompts: 2, leftOut: 3)], room: 3), results: diffs.forEach)
        let bundle = try ResultBundle(folder: path)
        let records = try #require(try PromptRecords(of: bundle))
        #expect(
            try records.shortage(of: bundle.entries[0])
                == "3 latents were left out: there is room for 3 differences: 1 latents of 2 prompts")
    }

    @Test("a bundle of before has none; one that was changed, or is of another bundle, is refused")
    func damage() throws {
        let bundle = try bundle(folded())
        let entry = try #require(bundle.entries.first)
        let files = FileManager.default
        func changed(_ name: String, _ change: (inout Data) -> Void) throws -> String {
            let path = "\(bundle.folder)/\(name)"
            let before = try Data(contentsOf: URL(fileURLWithPath: path))
            var data = before
            change(&data)
            try data.write(to: URL(fileURLWithPath: path))
            defer { try? before.write(to: URL(fileURLWithPath: path)) }
            return try complaint {
                _ = try PromptRecords(of: ResultBundle(folder: bundle.folder))?.differences(of: entry)
            }
        }
        let numbers = PromptRecords.file(of: entry.fileName)
        #expect(try changed(numbers) { $0[$0.count - 1] ^= 1 }.contains("as prompts.json says"))
        #expect(try changed(numbers) { $0.removeLast() }.contains("as prompts.json says"))
        #expect(try changed("prompts.safetensors") { $0[$0.count - 1] ^= 1 }.contains("as prompts.json says"))
        #expect(try changed("manifest.json") { $0.append(10) }.contains("the SHA-256 of the bundle's manifest"))
        func text(_ old: String, _ new: String) throws -> String {
            try changed("prompts.json") {
                $0 = Data(String(decoding: $0, as: UTF8.self).replacing(old, with: new).utf8)
            }
        }
        #expect(try text("\"actdiff-prompts\"", "\"other\"").contains("expected \"actdiff-prompts\""))
        #expect(try text("\"format_version\": 1", "\"format_version\": 2").contains("another version of actdiff"))
        #expect(try text("\"prompt-3\",\n", "").contains("60"))
        #expect(try text("\"\(numbers)\"", "\"else\"").contains("expected a digest of \(numbers)"))
        #expect(try PromptRecords(of: bundle) != nil)
        try files.removeItem(atPath: bundle.folder + "/prompts.json")
        #expect(try PromptRecords(of: bundle) == nil)
    }

    @Test("a bundle is not written before the second pass has come to its end, and what comes after that is refused")
    func order() throws {
        var fold = try folded().fold
        let results = try folded().results.map(ShardResultCodec.encode)
        let provenance = FoldProvenance(contentDigests: results.map { Digest(of: $0) }, numberSystems: ["cpu/avx2"])
        func refusal() throws -> String {
            try complaint { try fold.write(into: folder.path + "/x", provenance: provenance) {} }
        }
        #expect(try refusal().contains("expected a second pass over all results, found none"))
        #expect(try fold.beginSecondPass {})
        try fold.review(results[0])
        #expect(try refusal().contains("found shard 1 to come next in it"))
        #expect(throws: InputError.self) { try fold.review(results[0]) }
        #expect(try fold.beginSecondPass {})
        for result in results { try fold.review(result) }
        #expect(throws: InputError.self) { try fold.review(results[0]) }
        try fold.write(into: folder.path + "/x", provenance: provenance) {}
        #expect(throws: CancellationError.self) { _ = try fold.beginSecondPass { throw CancellationError() } }
    }

    @Test("the fold's memory counts the differences that are kept")
    func memory() throws {
        let spec = try LatentsSamples.spec("rank: {top: 100}", "keep_latents: [1, 2]")
        let task = LatentsSamples.task(spec, latents: 65536)
        func bytes(_ count: Int) -> Int {
            let prompts = (0..<count).map { PromptTokens(index: $0, ids: [], masks: []) }
            return FoldMemory(
                spec: spec, task: task,
                prompts: TokenizedPrompts(ids: prompts.map { "\($0.index)" }, prompts: prompts, masks: [.all])
            ).bytes
        }
        #expect(bytes(1000) - bytes(0) == 3 * 8 * 202 * 1000)
        #expect(bytes(1 << 15) - bytes(0) == 3 * (32 << 20))
    }
}
