import ArgumentParser
import Inputs
import Prompts
import TokenCounts
import Work

/// The kind on a worker that computes wrongly.
struct Lying: WorkKind {
    /// How wrongly.
    enum Way: String, CaseIterable, ExpressibleByArgument {
        /// It takes the first token of each shard for another one: a count is one too large, another one too small, and all
        /// of them add up.
        case swapping
        /// It adds one to the last count.
        case adding
    }

    static let name = TokenCountsKind.name

    let way: Way
    private let kind = TokenCountsKind(digests: Counting.digests, version: "0")

    init(_ way: Way) {
        self.way = way
    }

    func outline(of source: JobSource) throws -> JobOutline { try kind.outline(of: source) }

    func plan(_ source: JobSource) throws -> WorkPlan { try kind.plan(source) }

    func judge(of task: Payload) throws -> any ResultJudge { try kind.judge(of: task) }

    func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        Evaluator(way: way, honest: try kind.evaluator(for: task, at: place, progress: progress))
    }

    func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        try kind.fold(of: job, from: snapshot)
    }

    private struct Evaluator: WorkEvaluator {
        let way: Way
        let honest: any WorkEvaluator

        func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
            switch way {
            case .swapping:
                var work = try ShardWork(index: shard.index, bytes: shard.payload.bytes, maskCount: 1)
                work.prompts[0].ids[0] = work.prompts[0].ids[0] == 0 ? 1 : 0
                let other = Payload(kind: shard.payload.kind, version: shard.payload.version, bytes: work.bytes)
                return try honest.evaluate(WorkShard(index: shard.index, payload: other), progress: progress)
            case .adding:
                // A small count is one byte, and the last one is the last.
                var result = try honest.evaluate(shard, progress: progress)
                result[result.count - 1] += 1
                return result
            }
        }
    }
}
