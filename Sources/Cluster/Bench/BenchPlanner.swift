import Diffing
import Foundation
import Inputs

/// Jobs without a model: as many small shards as the spec's one number says, with results of a real job's size.
struct BenchPlanner: JobPlanning {
    static let prompts = 4
    static let tokensPerPrompt = 64
    static let latents = 32_768
    /// Latents that fire in a prompt, at each of the two checkpoints.
    static let firing = 260

    func name(of source: JobSource) throws -> String { "bench" }

    func verifiedShards(of source: JobSource, count: Int) throws -> Set<Int> { [] }

    func plan(_ source: JobSource) throws -> JobPlan {
        guard let shards = Int(source.specText), shards > 0 else {
            throw InputError(source.specFile, expected: "a number of shards", found: source.specText)
        }
        let digest = Digest(of: "bench")
        let hook = DiffTask.Hook(
            point: HookPoint(layer: 0, site: .residPost), dictionary: .init(path: "/bench/sae", digest: digest),
            latents: Self.latents)
        let task = DiffTask(
            base: .init(path: "/bench/base", digest: digest),
            tuned: [.init(name: "tuned", form: .adapter, input: .init(path: "/bench/tuned", digest: digest))],
            hooks: [hook], masks: [.all])
        return JobPlan(task: task, shards: (0..<shards).map(Self.work), record: Data())
    }

    func fold(of job: PlannedJob, checkpoint: [UInt8]?) throws -> any JobFolding { BenchFold() }

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
        let blocks = (0..<2).map { _ in
            var block = LatentSums()
            for _ in 0..<prompts {
                var latent = UInt32(random.next() % 64)
                for _ in 0..<firing {
                    let sum = Double(random.next() >> 12) * 0x1p-50
                    block.append(latent: latent, sum: sum, active: UInt32(random.next() % 32 + 1))
                    latent += UInt32(random.next() % 120 + 1)
                }
                block.endRow()
            }
            return block
        }
        let counts = [UInt32](repeating: UInt32(tokensPerPrompt), count: prompts)
        return ShardResult(shard: shard, tokenCounts: [counts], blocks: blocks)
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

/// Takes results in and forgets them: reading, decoding and checking them again has been done by the coordinator then.
struct BenchFold: JobFolding {
    private(set) var nextShard = 0
    let checkpointSize = 0

    mutating func fold(_ result: ShardResult) throws {
        guard result.shard == nextShard else {
            throw InputError("shard \(result.shard)", expected: "shard \(nextShard)", found: "this one")
        }
        nextShard += 1
    }

    mutating func skip(_ error: InputError) throws { nextShard += 1 }

    func checkpoint() throws -> [UInt8] { [] }

    func write(into folder: String, digests: [Digest?], instructionSets: Set<String>) throws {
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        } catch {
            throw InputError(folder, expected: "a folder to write to", found: error.localizedDescription)
        }
        try AtomicFile.write(Array("\(nextShard)\n".utf8), to: folder + "/shards.txt")
    }
}
