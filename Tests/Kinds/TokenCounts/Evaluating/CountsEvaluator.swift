import Prompts
import Work

/// A token_counts task on a worker.
struct CountsEvaluator: WorkEvaluator {
    let task: CountsTask

    func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
        let work = try task.work(shard)
        let prompts = try work.prompts.map { prompt in
            try progress.step()
            return Self.counts(prompt.ids)
        }
        return try ShardCountsCodec.encode(ShardCounts(shard: work.index, prompts: prompts))
    }

    /// Tokens ascending.
    private static func counts(_ ids: [UInt32]) -> [ShardCounts.Entry] {
        Dictionary(grouping: ids) { $0 }.sorted { $0.key < $1.key }.map {
            ShardCounts.Entry(token: Int($0.key), count: $0.value.count)
        }
    }
}
