import Compute
import Evaluation
import Inputs
import Synchronization
import Work

/// A latents task whose models are open on a worker.
final class LatentsEvaluator: WorkEvaluator {
    private let task: DiffTask
    private let inputs: TaskInputs
    private let files: [TaskInputs.Found]
    /// How the files stood before their digests were taken.
    private let rest: DigestCache.Rest
    /// The compute thread has one shard at a time, so the lock is never waited for.
    private let evaluator: Mutex<ShardEvaluator>

    /// Opens models below the place's roots only, after their digests were compared with the task's.
    init(_ task: DiffTask, at place: WorkerPlace, progress: ComputeProgress) throws {
        inputs = TaskInputs(digests: place.digests)
        let local = try task.localised(place.roots)
        self.task = task
        files = try inputs.find(local)
        rest = try inputs.rest(of: files, step: progress.step)
        try inputs.check(files, step: progress.step)
        evaluator = Mutex(
            try ShardEvaluator(
                local, threads: Threads(place.threads), memory: place.memory, step: progress.step,
                planned: { place.memoryPlanned("\($0)") }))
        // Files may have appeared while the models were opened.
        try refuseChanges(since: inputs.find(local), step: progress.step)
    }

    func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
        let work = try task.work(shard)
        let result: ShardResult
        do {
            result = try evaluator.withLock { try $0.evaluate(work) { try progress.step() } }
        } catch let error as InputError where error.kind == .badData {
            // Files that were touched are the better reason, and no fault of the shard.
            try refuseChanges(since: files, step: progress.step)
            throw error
        }
        // Weights are read from their files shard by shard.
        try refuseChanges(since: files, step: progress.step)
        do {
            return try ShardResultCodec.encode(result)
        } catch let error as ByteError {
            // The result is too large, or has sums that are not finite: any worker would get the same.
            throw error.inputError("shard \(work.index)")
        }
    }

    /// Throws unless the files stood still since their digests were taken. Equal digests afterwards would prove nothing: a file
    /// can be changed and changed back while it is read.
    private func refuseChanges(since found: [TaskInputs.Found], step: () throws -> Void) throws {
        do {
            guard try inputs.rest(of: found, step: step) != rest else { return }
            // What is wrong now is the better error.
            try inputs.check(found, step: step)
        } catch var error as InputError where error.kind == .badData {
            // They were there when the task was opened: other workers may have them still.
            (error.kind, error.hint) = (.temporary, Self.hint)
            throw error
        }
        throw InputError(
            "the job's inputs", expected: "files that nobody touches while they are computed from",
            found: "a change of one, or of its times", hint: Self.hint, kind: .temporary)
    }

    private static let hint = "the shard is computed again"
}

extension DiffTask {
    /// The task with canonical paths, all below the roots.
    fileprivate func localised(_ roots: ModelRoots) throws -> DiffTask {
        var local = self
        local.base.path = try roots.resolve(base.path)
        for index in tuned.indices {
            local.tuned[index].input.path = try roots.resolve(tuned[index].input.path)
        }
        for index in hooks.indices {
            local.hooks[index].dictionary.path = try roots.resolve(hooks[index].dictionary.path)
        }
        return local
    }
}
