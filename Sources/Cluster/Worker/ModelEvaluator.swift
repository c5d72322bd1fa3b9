import Compute
import Diffing
import Evaluation
import Inputs
import Synchronization

/// Evaluates shards on real models, which stay open from one shard of a task to the next.
public final class ModelEvaluator: ShardEvaluating {
    private let roots: ModelRoots
    private let inputs: TaskInputs
    private let threads: Threads
    private let memory: Int
    private let planned: @Sendable (MemoryPlan) -> Void
    /// The task that is open. The compute thread has one shard at a time, so the lock is never waited for.
    private let open = Mutex<(task: DiffTask, files: [TaskInputs.Found], evaluator: ShardEvaluator)?>(nil)

    /// Opens models below `roots` only, and computes with `threads` threads in `memory` bytes; tells `planned` how memory
    /// is used when a task is opened.
    public init(
        roots: ModelRoots, digests: DigestCache, threads: Int, memory: Int,
        planned: @escaping @Sendable (MemoryPlan) -> Void
    ) {
        self.memory = memory
        self.planned = planned
        self.roots = roots
        inputs = TaskInputs(digests: digests)
        self.threads = Threads(threads)
    }

    public func evaluate(_ work: ShardWork, task: DiffTask, progress: ComputeProgress) throws -> ShardResult {
        try open.withLock { open in
            if open?.task != task {
                // The old models go before the new ones come.
                open = nil
                let local = try localised(task)
                try inputs.verify(inputs.find(local))
                let evaluator = try ShardEvaluator(local, threads: threads, memory: memory, planned: planned)
                // Found once more, for what may have come while they were opened.
                open = (task, try inputs.find(local), evaluator)
            }
            guard let (_, files, evaluator) = open else { throw CancellationError() }
            let result = try evaluator.evaluate(work) {
                progress.advance()
                if progress.isCancelled { throw CancellationError() }
            }
            // Weights are read from their files shard by shard: had one been replaced meanwhile, the result would not be
            // that of the digests in the task. Unchanged files cost a look at their times.
            try inputs.verify(files)
            return result
        }
    }

    /// The task with canonical paths, all below the model roots.
    private func localised(_ task: DiffTask) throws -> DiffTask {
        var local = task
        local.base.path = try roots.resolve(task.base.path)
        for index in task.tuned.indices {
            local.tuned[index].input.path = try roots.resolve(task.tuned[index].input.path)
        }
        for index in task.hooks.indices {
            local.hooks[index].dictionary.path = try roots.resolve(task.hooks[index].dictionary.path)
        }
        return local
    }
}
