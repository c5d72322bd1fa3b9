import Compute
import Evaluation
import Inputs
import Synchronization
import Work

/// A latents task whose models are open on a worker.
final class LatentsEvaluator: WorkEvaluator {
    private let task: DiffTask
    private let inputs: HeldInputs
    /// The compute thread has one shard at a time, so the lock is never waited for.
    private let evaluator: Mutex<ShardEvaluator>

    /// Opens models below the place's roots only, after their digests were compared with the task's.
    init(_ task: DiffTask, at place: WorkerPlace, progress: ComputeProgress) throws {
        self.task = task
        inputs = try HeldInputs(task.inputs, roots: place.roots, digests: place.digests, step: progress.step)
        evaluator = Mutex(
            try ShardEvaluator(
                task, inputs: inputs.local, threads: Threads(place.threads), room: .init(memory: place.memory),
                step: progress.step, planned: { place.memoryPlanned("\($0)") }))
        try inputs.refuseChangesSinceOpening(step: progress.step)
    }

    func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
        let work = try task.work(shard)
        let result = try inputs.computing(step: progress.step) {
            try evaluator.withLock { try $0.evaluate(work) { try progress.step() } }
        }
        do {
            return try ShardResultCodec.encode(result)
        } catch let error as ByteError {
            // The result is too large, or has sums that are not finite: any worker would get the same.
            throw error.inputError("shard \(work.index)")
        }
    }
}
