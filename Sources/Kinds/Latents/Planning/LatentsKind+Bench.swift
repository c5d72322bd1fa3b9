import Prompts
import Work

extension LatentsKind {
    /// A job's task and shards, open to measurements. Throws `InputError`.
    public func opened(_ source: JobSource) throws -> (task: DiffTask, works: [ShardWork]) {
        let plan = try plan(source, progress: ComputeProgress())
        let task = try DiffTask(plan.task)
        let works = try plan.shards.enumerated().map { index, shard in
            try ShardWork(index: index, bytes: shard.bytes, maskCount: task.masks.count)
        }
        return (task, works)
    }
}
