import Compute
import Inputs
import Kernels
import Models
import Transformers

/// The base and all tuned checkpoints of a task, open: one forward pass serves them all.
public struct ModelVariants {
    /// Base first, then adapters, then whole checkpoints.
    public let backend: any Backend
    /// Checkpoint index (0 the base, i + 1 tuned i) of each of the backend's variants.
    public let checkpoints: [Int]
    /// Paths by checkpoint index, for errors.
    private let paths: [String]
    /// The base's description and tensors.
    public let base: Checkpoint

    /// Opens them, to run up to the deepest of the taps. `step` is called each time that it got on; what it throws ends that.
    /// Throws `InputError` for one that cannot be read or does not fit the base.
    public init(_ inputs: TaskInputs, taps: Set<Tap>, threads: Threads, step: () throws -> Void) throws {
        let base = try Checkpoint(inputs.base.path)
        let adapted = inputs.tuned.indices.filter { inputs.tuned[$0].form == .adapter }
        let adapters = try adapted.map { try LoRAAdapter(inputs.tuned[$0].input.path, for: base.architecture) }
        let whole = inputs.tuned.indices.filter { inputs.tuned[$0].form == .checkpoint }
        let tuned = try whole.map { index in
            let checkpoint = try Checkpoint(inputs.tuned[index].input.path)
            try CheckpointFit.check(checkpoint, base: base)
            return checkpoint
        }
        backend = try CPUBackend(
            base, adapters: adapters, checkpoints: tuned, depth: taps.map(\.layersNeeded).max() ?? 0, threads: threads,
            step: step)
        checkpoints = [0] + (adapted + whole).map { $0 + 1 }
        paths = [inputs.base.path] + inputs.tuned.map(\.input.path)
        self.base = base
    }

    /// Throws `InputError` with the checkpoint where a stream has numbers that are not finite.
    public func checkFinite(_ stream: TappedRows, shard: Int) throws {
        guard let start = stream.rows.baseAddress, !kernels_all_finite(start, stream.rows.count) else { return }
        throw InputError(
            paths[checkpoints[stream.variants[0]]], expected: "finite numbers in the forward pass",
            found: "infinities or NaNs at \(stream.tap) in shard \(shard)",
            hint: "the checkpoint's weights overflow float32 or are damaged")
    }
}
