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
    /// Prompts that say what others say; nil where nobody looked.
    let duplicates: PromptDuplicates?
    var reducer: Reducer
    /// Reads one shard by index.
    let shard: @Sendable (Int) throws -> WorkShard
    private var missing: [MissingShard] = []
    /// Nil before it began.
    private var secondPass: DifferencePass?

    init(
        spec: JobSpec, task: DiffTask, provenance: Provenance, sizes: [Size], duplicates: PromptDuplicates? = nil,
        reducer: Reducer, shard: @escaping @Sendable (Int) throws -> WorkShard
    ) {
        self.spec = spec
        self.task = task
        self.provenance = provenance
        self.sizes = sizes
        self.duplicates = duplicates
        self.reducer = reducer
        self.shard = shard
    }

    var nextShard: Int { reducer.nextShard }

    mutating func fold(_ result: [UInt8]) throws {
        try reducer.fold(decoded(result, shard: nextShard))
    }

    private func decoded(_ result: [UInt8], shard index: Int) throws -> ShardResult {
        let work = try task.work(shard(index))
        do {
            return try ShardResultCodec.decode(result, task: task, work: work)
        } catch let error as ByteError {
            throw error.inputError("shard \(index)")
        }
    }

    mutating func skip(_ error: InputError) throws {
        let shard = reducer.nextShard
        try reducer.skip()
        missing.append(
            MissingShard(shard: shard, prompts: sizes[shard].prompts, tokens: sizes[shard].tokens, error: error))
    }

    mutating func beginSecondPass(checkCancelled: () throws -> Void) throws -> Bool {
        // What an earlier pass has kept goes first: there is room for one.
        secondPass = nil
        secondPass = try DifferencePass(reducer, check: checkCancelled)
        return true
    }

    mutating func review(_ result: [UInt8]) throws {
        guard let shard = secondPass?.nextShard else {
            throw InputError("the fold", expected: "no more results of the second pass", found: "one more")
        }
        let decoded = try decoded(result, shard: shard)
        try secondPass?.take(decoded)
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
        try ResultBundle.write(
            to: folder, spec: spec, task: task, provenance: provenance, prompts: promptRecords()
        ) { add in
            try reducer.finish(check: checkCancelled, add)
        }
    }

    private func promptRecords() throws -> PromptRecordsDraft.Content {
        guard let secondPass, secondPass.nextShard == nil else {
            throw InputError(
                "the fold", expected: "a second pass over all results",
                found: secondPass.map { "shard \($0.nextShard ?? 0) to come next in it" } ?? "none")
        }
        let prompts = reducer.countedPrompts
        return PromptRecordsDraft.Content(
            ids: prompts.map { reducer.ids[$0] }, positions: prompts, groups: reducer.groups, duplicates: duplicates,
            tokens: task.masks.enumerated().map { mask, name in
                (name, prompts.map { reducer.tokenCounts[mask][$0] })
            }, kept: secondPass.results, room: KeptLatents.room(results: secondPass.results.count))
    }
}
