import Compute
import Dictionaries
import Evaluation
import Inputs
import Models
import Synchronization
import Work

/// An exemplars task whose models are open on a worker.
final class ExemplarsEvaluator: WorkEvaluator {
    private let task: ExemplarsTask
    private let inputs: HeldInputs
    private let place: WorkerPlace
    /// The compute thread has one shard at a time, so the lock is never waited for.
    private let texts: Mutex<TextEvaluator>

    /// Opens models below the place's roots only, after their digests were compared with the task's.
    init(_ task: ExemplarsTask, at place: WorkerPlace, progress: ComputeProgress) throws {
        self.task = task
        self.place = place
        inputs = try HeldInputs(task.inputs, roots: place.roots, digests: place.digests, step: progress.step)
        let base = try Checkpoint(inputs.local.base.path)
        texts = Mutex(
            try TextEvaluator(
                task, inputs: inputs.local, threads: Threads(place.threads),
                memory: place.memory - DictionaryEvaluator.memory(base.architecture), step: progress.step,
                planned: { place.memoryPlanned("\($0)") }))
        try inputs.refuseChangesSinceOpening(step: progress.step)
    }

    func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
        let work = try ExemplarsShard(shard, of: task)
        let result = try inputs.computing(step: progress.step) {
            switch work {
            case .texts(let work):
                return ExemplarsResult.texts(
                    try texts.withLock { try $0.evaluate(work) { try progress.step() } })
            case .dictionary(let hook):
                return .geometry(try geometry(hook, progress))
            }
        }
        do {
            return try ExemplarsCodec.encode(result)
        } catch let error as ByteError {
            // The result is too large: any worker would get the same.
            throw error.inputError("shard \(shard.index)")
        }
    }

    private func geometry(_ hook: Int, _ progress: ComputeProgress) throws -> HookGeometry {
        var local = task
        for (index, dictionary) in inputs.local.dictionaries.enumerated() {
            local.hooks[index].dictionary = dictionary
        }
        return try DictionaryEvaluator(
            task: local, base: Checkpoint(inputs.local.base.path), formats: .all, threads: Threads(place.threads)
        ).evaluate(hook: hook, step: progress.step)
    }
}
