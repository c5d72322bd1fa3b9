import Compute
import Inputs
import Prompts
import Work

/// The fold of a latents job: a reducer, and what the manifest says besides.
struct LatentsFold: WorkFold {
    /// A shard's prompts and tokens.
    struct Size: Sendable {
        var prompts: Int
        var tokens: Int
    }

    let spec: JobSpec
    let task: DiffTask
    /// Without shards.
    let provenance: Provenance
    let sizes: [Size]
    var reducer: Reducer
    /// Reads one shard by index.
    let shard: @Sendable (Int) throws -> WorkShard
    private var missing: [MissingShard] = []

    init(
        spec: JobSpec, task: DiffTask, provenance: Provenance, sizes: [Size], reducer: Reducer,
        shard: @escaping @Sendable (Int) throws -> WorkShard
    ) {
        self.spec = spec
        self.task = task
        self.provenance = provenance
        self.sizes = sizes
        self.reducer = reducer
        self.shard = shard
    }

    var nextShard: Int { reducer.nextShard }

    mutating func fold(_ result: [UInt8]) throws {
        let work = try task.work(shard(nextShard))
        do {
            try reducer.fold(ShardResultCodec.decode(result, task: task, work: work))
        } catch let error as ByteError {
            throw error.inputError("shard \(work.index)")
        }
    }

    mutating func skip(_ error: InputError) throws {
        let shard = reducer.nextShard
        try reducer.skip()
        missing.append(
            MissingShard(shard: shard, prompts: sizes[shard].prompts, tokens: sizes[shard].tokens, error: error))
    }

    var snapshotSize: Int { reducer.snapshotSize }

    func snapshot() throws -> [UInt8] {
        if let first = missing.first {
            throw InputError("a fold's snapshot", expected: "no shard left out", found: "shard \(first.shard)")
        }
        return try reducer.snapshot()
    }

    func write(into folder: String, provenance folded: FoldProvenance, checkCancelled: () throws -> Void) throws {
        var provenance = provenance
        provenance.shards = folded.contentDigests
        provenance.isa = Set(folded.numberSystems.map(ProcessorKernels.kernels(ofNumberSystem:)))
        provenance.missing = missing
        try ResultBundle.write(to: folder, spec: spec, task: task, provenance: provenance) { add in
            try reducer.finish(check: checkCancelled, add)
        }
    }
}
