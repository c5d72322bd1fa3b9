import Cluster
import Evaluation
import Foundation
import Inputs
import Latents
import Prompts
import Work

/// Jobs without a model: as many small shards as the spec's one number says, with results of a real job's size.
struct BenchKind: WorkKind {
    /// Its results are those of the real kind, and are judged as they are.
    static let name = LatentsKind.name
    static let prompts = 4
    static let tokensPerPrompt = 64
    static let latents = 32_768
    /// Latents that fire in a prompt, at each of the two checkpoints.
    static let firing = 260

    private let real = LatentsKind(digests: DigestCache(at: "/dev/null/digests.json"), version: "bench")

    func outline(of source: JobSource) throws -> JobOutline { JobOutline(name: "bench", inputs: []) }

    func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan {
        let document = try Document(yaml: source.specText, file: source.specFile)
        let shards = try document.required("shards").integer(atLeast: 1)
        let digest = Digest(of: "bench")
        let hook = DiffTask.Hook(
            point: HookPoint(layer: 0, site: .residPost), dictionary: .init(path: "/bench/sae", digest: digest),
            latents: Self.latents)
        let task = DiffTask(
            base: .init(path: "/bench/base", digest: digest),
            tuned: [.init(name: "tuned", form: .adapter, input: .init(path: "/bench/tuned", digest: digest))],
            hooks: [hook], masks: [.all])
        let works = (0..<shards).map(Self.work)
        return WorkPlan(
            task: try task.payload(), shardVersion: ShardWork.layout,
            shards: works.map { WorkPlan.Shard(bytes: $0.bytes, tokens: $0.tokenCount) }, record: [])
    }

    func judge(of task: Payload) throws -> any ResultJudge { try real.judge(of: task) }

    func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        throw InputError("bench", expected: "simulated workers", found: "a real one", kind: .configuration)
    }

    func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold { BenchFold() }

    private static func work(_ shard: Int) -> ShardWork {
        ShardWork(
            index: shard,
            prompts: (0..<prompts).map { prompt in
                let ids = (0..<tokensPerPrompt).map { UInt32(truncatingIfNeeded: shard &* 31 &+ prompt &* 7 &+ $0) }
                return PromptTokens(
                    index: shard * prompts + prompt, ids: ids.map { $0 % 50_000 },
                    masks: Array(repeating: 1, count: tokensPerPrompt))
            })
    }

    /// What a shard comes to: about 20 KB as it is sent, for sums have 52 random bits, as real ones do.
    static func result(of shard: Int) -> ShardResult {
        var random = Numbers(state: UInt64(truncatingIfNeeded: shard) &* 0x9E37_79B9_7F4A_7C15 | 1)
        let tables = (0..<2).map { _ in
            var table = LatentSums()
            for _ in 0..<prompts {
                var latent = UInt32(random.next() % 64)
                for _ in 0..<firing {
                    let sum = Double(random.next() >> 12) * 0x1p-50
                    table.append(latent: latent, sum: sum, active: UInt32(random.next() % 32 + 1))
                    latent += UInt32(random.next() % 120 + 1)
                }
                table.endRow()
            }
            return table
        }
        let counts = [UInt32](repeating: UInt32(tokensPerPrompt), count: prompts)
        return ShardResult(shard: shard, tokenCounts: [counts], tables: tables)
    }

    /// Marsaglia's xorshift64.
    private struct Numbers {
        var state: UInt64

        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }
}

/// Takes results in and forgets them: reading and checking them has been done by the coordinator then.
struct BenchFold: WorkFold {
    private(set) var nextShard = 0
    let snapshotSize = 0

    mutating func fold(_ result: [UInt8]) throws { nextShard += 1 }

    mutating func skip(_ error: InputError) throws { nextShard += 1 }

    func snapshot() throws -> [UInt8] { [] }

    func write(into folder: String, provenance: FoldProvenance, checkCancelled: () throws -> Void) throws {
        let new = try NewFolder(folder)
        try new.write(Array("\(nextShard)\n".utf8), to: "shards.txt")
        try new.publish()
    }
}
