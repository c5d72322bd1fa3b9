import Compute
import Dictionaries
import Evaluation
import Inputs
import Prompts
import Synchronization

/// Looks for exemplars in the sequences of a shard.
final class TextEvaluator {
    private let task: ExemplarsTask
    private let models: HookedModels
    /// By hook and latent of the dictionary, the latent's place among those asked for; -1 for others.
    private let chosen: [[Int32]]
    /// Bytes of the last result, which may still be on its way.
    private var sent = 0

    /// Opens the task's models and dictionaries where `inputs` says that they are.
    init(
        _ task: ExemplarsTask, inputs: TaskInputs, threads: Threads, memory: Int, step: () throws -> Void,
        planned: @escaping (MemoryPlan) -> Void
    ) throws {
        self.task = task
        var room = HookedModels.Room(memory: memory)
        // Activations of the latents asked for, and norms.
        room.perToken = task.hooks.reduce(0) { $0 + 4 * $1.chosen.count + 8 } * task.modelCount
        models = try HookedModels(
            inputs, hooks: task.hooks.map(\.evaluated), threads: threads, room: room, step: step, planned: planned)
        chosen = task.hooks.map { hook in
            var places = [Int32](repeating: -1, count: hook.latents)
            for (place, latent) in hook.chosen.enumerated() { places[latent] = Int32(place) }
            return places
        }
    }

    /// What a hook sees of a batch under one model.
    private struct Seen {
        /// [latents asked for][rows]
        var activations: [Float] = []
        /// [rows]: Euclidean norms of the residual stream.
        var norms: [Double] = []
    }

    /// Evaluates a shard; by hook. `afterLayer` is called after each layer of each residual stream; it may throw to give up.
    func evaluate(_ work: ShardWork, afterLayer: () throws -> Void) throws -> [HookExemplars] {
        var found = task.hooks.map { HookExemplars($0, models: task.modelCount) }
        let whole = ShardWork(index: work.index, prompts: work.prompts.map(\.encodedWhole))
        try models.batches(of: whole, kept: { sent + found.reduce(0) { $0 + $1.byteCount } * 2 }) { batch in
            var seen = Array(
                repeating: Array(repeating: Seen(), count: task.modelCount), count: task.hooks.count)
            try models.run(batch, shard: work.index, afterLayer: afterLayer) { visit in
                let one = self.seen(visit, rows: batch.masked.rows)
                for checkpoint in visit.checkpoints { seen[visit.hook][checkpoint] = one }
            }
            for (index, hook) in task.hooks.enumerated() {
                let part = BatchExemplars(batch, seen[index].map(\.norms), task: task)
                    .found(hook, seen[index].map(\.activations), task: task, threads: models.threads)
                found[index].merge(part, of: hook, selection: task.selection)
            }
        }
        sent = found.reduce(0) { $0 + $1.byteCount }
        return found
    }

    private func seen(_ visit: HookedModels.Visit, rows: [Int]) -> Seen {
        var seen = Seen()
        seen.activations = Array(repeating: 0, count: task.hooks[visit.hook].chosen.count * rows.count)
        let places = chosen[visit.hook]
        let activations = visit.activations
        for row in rows.indices {
            for entry in activations.rowStarts[row]..<activations.rowStarts[row + 1] {
                let place = places[Int(activations.latents[entry])]
                if place >= 0 { seen.activations[Int(place) * rows.count + row] = activations.values[entry] }
            }
        }
        seen.norms = rows.map { row in
            visit.rows[row * visit.width..<(row + 1) * visit.width].reduce(0.0) { $0 + Double($1) * Double($1) }
                .squareRoot()
        }
        return seen
    }
}

extension HookExemplars {
    /// Bytes of its exemplars and counts.
    fileprivate var byteCount: Int {
        latents.reduce(0) { sum, latent in
            sum + latent.histograms.reduce(0) { $0 + 8 * $1.count }
                + latent.exemplars.reduce(0) { $0 + 4 * $1.activations.count + 64 }
        }
    }
}
