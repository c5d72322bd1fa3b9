import Evaluation
import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
import Work
@testable import Latents

/// The fold of real jobs, on results that are drawn at random.
@Suite struct LatentsFoldTests {
    let folder: TemporaryFolder
    let kind: LatentsKind
    let job: PlannedWork
    let results: [[UInt8]]
    let digests: [Digest]

    init() throws {
        folder = try TemporaryFolder()
        kind = LatentsKind(digests: DigestCache(at: folder.path + "/digests.json"), version: "1.0")
        let yaml = """
            name: job
            base: m
            tuned: [{name: v, adapter: a}, {name: c, adapter: b, control: true}]
            prompts: {path: p.jsonl}
            hooks: [{layer: 1, sae: s}]
            masks: [all, last]
            shard_tokens: 10
            permutations: 9
            seed: 4
            verify: 0.3
            """
        let digest = Digest(of: "weights")
        let input = TaskInput(path: "/m", digest: digest)
        let task = DiffTask(
            base: input,
            tuned: ["v", "c"].map { TunedInput(name: $0, form: .adapter, input: input) },
            hooks: [.init(point: HookPoint(layer: 1, site: .residPost), dictionary: input, latents: 9)],
            masks: [.all, .last])
        var random = SeededGenerator(seed: 3)
        let works = (0..<10).map { shard in
            ShardWork(
                index: shard,
                prompts: (0..<2).map {
                    PromptTokens(index: 2 * shard + $0, ids: [1, 2, 3, 4, 5], masks: [0, 1, 1, 1, 3])
                })
        }
        results = try works.map { try ShardResultCodec.encode(Self.result(of: $0, task, &random)) }
        digests = results.map { Digest(of: $0) }
        let source = JobSource(specText: yaml, specFile: "job.yaml", folder: "/jobs")
        let record = LatentsKind.Record(
            spec: try JobSpec(yaml: yaml, file: "job.yaml", relativeTo: "/jobs"),
            promptIDs: (0..<20).map { "p\($0)" }, prompts: digest, tokenizer: digest)
        let shards = works.map { work in
            let payload = Payload(kind: LatentsKind.name, version: ShardWork.layout, bytes: work.bytes)
            return WorkShard(index: work.index, payload: payload)
        }
        job = PlannedWork(
            source: source, task: try task.payload(), record: try LatentsKind.bytes(of: record),
            shardCount: works.count, shard: { shards[$0] })
    }

    private static func result(
        of work: ShardWork, _ task: DiffTask, _ random: inout SeededGenerator
    ) -> ShardResult {
        var tables: [LatentSums] = []
        for table in 0..<task.tableCount {
            var sums = LatentSums()
            for _ in work.prompts {
                for latent in 0..<9 as Range<UInt32> where Bool.random(using: &random) {
                    let most: UInt32 = table % 2 == 0 ? 4 : 1
                    sums.append(
                        latent: latent, sum: Double.random(in: 0.1...5, using: &random),
                        active: UInt32.random(in: 1...most, using: &random))
                }
                sums.endRow()
            }
            tables.append(sums)
        }
        return ShardResult(shard: work.index, tokenCounts: [[4, 4], [1, 1]], tables: tables)
    }

    /// The fold after its second pass over the results with digests.
    private func passedAgain(_ fold: any WorkFold, _ digests: [Digest?]) throws -> any WorkFold {
        var fold = fold
        #expect(try fold.beginSecondPass(checkCancelled: {}))
        for (result, digest) in zip(results, digests) where digest != nil { try fold.review(result) }
        return fold
    }

    private func bundle(_ fold: any WorkFold, _ digests: [Digest?]) throws -> [String: Data] {
        let path = folder.path + "/" + UUID().uuidString
        try passedAgain(fold, digests).write(
            into: path, provenance: FoldProvenance(contentDigests: digests, numberSystems: ["cpu/avx2"]),
            checkCancelled: {})
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)"))) })
    }

    private func quiet() throws -> [String: Data] {
        var fold = try kind.fold(of: job, from: nil)
        for result in results { try fold.fold(result) }
        return try bundle(fold, digests)
    }

    @Test("a fold that was interrupted after every shard writes the bytes of one that was not")
    func checkpoints() throws {
        var fold = try kind.fold(of: job, from: nil)
        for (shard, result) in results.enumerated() {
            #expect(fold.nextShard == shard)
            try fold.fold(result)
            let snapshot = try fold.snapshot()
            #expect(snapshot.count == fold.snapshotSize)
            fold = try kind.fold(of: job, from: snapshot)
        }
        #expect(try bundle(fold, digests) == quiet())
    }

    @Test("a write that is ended in the permutation test leaves no folder, and can be done again")
    func endedWrite() throws {
        var fold = try kind.fold(of: job, from: nil)
        for result in results { try fold.fold(result) }
        let before = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        var calls = 0
        let passed = try passedAgain(fold, digests)
        #expect(throws: CancellationError.self) {
            let provenance = FoldProvenance(contentDigests: digests, numberSystems: ["cpu/avx2"])
            try passed.write(into: folder.path + "/ended", provenance: provenance) {
                calls += 1
                if calls == 3 { throw CancellationError() }
            }
        }
        #expect(calls == 3)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == before)
        #expect(try bundle(fold, digests) == quiet())
    }

    @Test("a copy that skips shards leaves the fold as it was, and its bundle names them")
    func partial() throws {
        var fold = try kind.fold(of: job, from: nil)
        for result in results.prefix(4) { try fold.fold(result) }
        var copy = fold
        let error = InputError("model.safetensors", expected: "numbers", found: "none", hint: "look", kind: .temporary)
        for (shard, result) in results.enumerated().dropFirst(4) {
            if shard == 4 || shard == 7 { try copy.skip(error) } else { try copy.fold(result) }
        }
        let refusal = #expect(throws: InputError.self) { try copy.snapshot() }
        #expect(refusal?.expected == "no shard left out" && refusal?.found == "shard 4")
        let path = folder.path + "/partial"
        let partialDigests = digests.enumerated().map { [4, 7].contains($0) ? nil : $1 }
        try passedAgain(copy, partialDigests).write(
            into: path, provenance: FoldProvenance(contentDigests: partialDigests, numberSystems: ["cpu/avx2"]),
            checkCancelled: {})
        let written = try ResultBundle(folder: path)
        #expect(written.partial?.description == "PARTIAL: 2 of 10 shards (4 prompts) are missing")
        #expect(written.entries.allSatisfy { $0.prompts == 16 })
        let missing = try written.manifest.required("partial").required("shards").list()
        #expect(try missing.map { try $0.required("shard").integer() } == [4, 7])
        #expect(try missing.map { try $0.required("tokens").integer() } == [10, 10])

        for result in results.dropFirst(4) { try fold.fold(result) }
        #expect(try bundle(fold, digests) == quiet())
    }
}
