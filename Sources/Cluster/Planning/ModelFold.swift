import Diffing
import Inputs

/// The fold of a real job: a reducer, and what the manifest says besides.
struct ModelFold: JobFolding {
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
    private var missing: [MissingShard] = []

    init(spec: JobSpec, task: DiffTask, provenance: Provenance, sizes: [Size], reducer: Reducer) {
        self.spec = spec
        self.task = task
        self.provenance = provenance
        self.sizes = sizes
        self.reducer = reducer
    }

    var nextShard: Int { reducer.nextShard }

    mutating func fold(_ result: ShardResult) throws {
        try reducer.fold(result)
    }

    mutating func skip(_ error: InputError) throws {
        let shard = reducer.nextShard
        try reducer.skip()
        missing.append(
            MissingShard(shard: shard, prompts: sizes[shard].prompts, tokens: sizes[shard].tokens, error: error))
    }

    var checkpointSize: Int { reducer.checkpointSize }

    func checkpoint() throws -> [UInt8] {
        if let first = missing.first {
            throw InputError("fold checkpoint", expected: "no shard left out", found: "shard \(first.shard)")
        }
        return try reducer.checkpoint()
    }

    func write(into folder: String, digests: [Digest?], instructionSets: Set<String>) throws {
        var provenance = provenance
        provenance.shards = digests
        provenance.isa = instructionSets
        provenance.missing = missing
        try ResultBundle.write(
            to: folder, spec: spec, task: task, provenance: provenance, diffs: reducer.finish())
    }
}
