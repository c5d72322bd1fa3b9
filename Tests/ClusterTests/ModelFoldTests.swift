import Diffing
import Foundation
import Inputs
import TestSupport
import Testing
@testable import Cluster

/// The fold of real jobs, on results that are drawn at random.
@Suite struct ModelFoldTests {
    let folder: TemporaryFolder
    let planner: ModelPlanner
    let job: PlannedJob
    let results: [ShardResult]
    let digests: [Digest]

    init() throws {
        folder = try TemporaryFolder()
        planner = ModelPlanner(digests: DigestCache(at: folder.path + "/digests.json"), version: "1.0", build: "b")
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
        let input = DiffTask.Input(path: "/m", digest: digest)
        let task = DiffTask(
            base: input,
            tuned: ["v", "c"].map { DiffTask.Tuned(name: $0, form: .adapter, input: input) },
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
        results = works.map { Self.result(of: $0, task, &random) }
        digests = results.map { Digest(of: "\($0)") }
        let record = """
            {"build": "b", "promptIDs": [\((0..<20).map { "\"p\($0)\"" }.joined(separator: ","))],
            "prompts": "\(digest)", "tokenizer": "\(digest)"}
            """
        job = PlannedJob(
            source: JobSource(specText: yaml, specFile: "job.yaml", folder: "/jobs"), task: task,
            record: Data(record.utf8), shards: works.count, work: { works[$0] })
    }

    private static func result(
        of work: ShardWork, _ task: DiffTask, _ random: inout SeededGenerator
    ) -> ShardResult {
        var blocks: [LatentSums] = []
        for block in 0..<task.blockCount {
            var sums = LatentSums()
            for _ in work.prompts {
                for latent in 0..<9 as Range<UInt32> where Bool.random(using: &random) {
                    let most: UInt32 = block % 2 == 0 ? 4 : 1
                    sums.append(
                        latent: latent, sum: Double.random(in: 0.1...5, using: &random),
                        active: UInt32.random(in: 1...most, using: &random))
                }
                sums.endRow()
            }
            blocks.append(sums)
        }
        return ShardResult(shard: work.index, tokenCounts: [[4, 4], [1, 1]], blocks: blocks)
    }

    private func bundle(_ fold: any JobFolding, _ digests: [Digest?]) throws -> [String: Data] {
        let path = folder.path + "/" + UUID().uuidString
        try fold.write(into: path, digests: digests, instructionSets: ["avx2"])
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return try Dictionary(
            uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)"))) })
    }

    private func quiet() throws -> [String: Data] {
        var fold = try planner.fold(of: job, checkpoint: nil)
        for result in results { try fold.fold(result) }
        return try bundle(fold, digests)
    }

    @Test("a fold that was interrupted after every shard writes the bytes of one that was not")
    func checkpoints() throws {
        var fold = try planner.fold(of: job, checkpoint: nil)
        for (shard, result) in results.enumerated() {
            #expect(fold.nextShard == shard)
            try fold.fold(result)
            let checkpoint = try fold.checkpoint()
            #expect(checkpoint.count == fold.checkpointSize)
            fold = try planner.fold(of: job, checkpoint: checkpoint)
        }
        #expect(try bundle(fold, digests) == quiet())
    }

    @Test("a copy that skips shards leaves the fold as it was, and its bundle names them")
    func partial() throws {
        var fold = try planner.fold(of: job, checkpoint: nil)
        for result in results.prefix(4) { try fold.fold(result) }
        var copy = fold
        let error = InputError("model.safetensors", expected: "numbers", found: "none", hint: "look", kind: .temporary)
        for (shard, result) in results.enumerated().dropFirst(4) {
            if shard == 4 || shard == 7 { try copy.skip(error) } else { try copy.fold(result) }
        }
        let refusal = #expect(throws: InputError.self) { try copy.checkpoint() }
        #expect(refusal?.expected == "no shard left out" && refusal?.found == "shard 4")
        let path = folder.path + "/partial"
        let partialDigests = digests.enumerated().map { [4, 7].contains($0) ? nil : $1 }
        try copy.write(into: path, digests: partialDigests, instructionSets: ["avx2"])
        let written = try ResultBundle(folder: path)
        #expect(written.partial?.description == "PARTIAL: 2 of 10 shards (4 prompts) are missing")
        #expect(written.entries.allSatisfy { $0.prompts == 16 })
        let missing = try written.manifest.required("partial").required("shards").list()
        #expect(try missing.map { try $0.required("shard").integer() } == [4, 7])
        #expect(try missing.map { try $0.required("tokens").integer() } == [10, 10])

        for result in results.dropFirst(4) { try fold.fold(result) }
        #expect(try bundle(fold, digests) == quiet())
    }

    @Test("the share of shards that the job says is computed twice")
    func verified() throws {
        let shards = try planner.verifiedShards(of: job.source, count: 10)
        #expect(shards == ShardPlan.verifiedShards(seed: 4, share: 0.3, count: 10) && shards.count == 3)
    }

    @Test("a job of another build is not folded")
    func otherBuild() throws {
        let other = ModelPlanner(digests: DigestCache(at: folder.path + "/digests.json"), version: "1.0", build: "c")
        let build = #expect(throws: InputError.self) { try other.fold(of: job, checkpoint: nil) }
        #expect(build?.expected == "shards of one program, c" && build?.found == "some of b")
    }
}
