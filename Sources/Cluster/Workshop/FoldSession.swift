import Inputs
import Wire
import Work

/// A job's fold as far as it has come, with what tells whether its snapshot still fits the store.
struct FoldSession: Sendable {
    let folding: any OpenFold
    /// Over the shards before `nextShard`.
    private(set) var chain: FoldChain
    /// When the last snapshot was made, or the fold opened.
    var savedAt = ContinuousClock.now
    /// Whether a shard was left out: then nothing more can come of it than a bundle.
    private(set) var isSpent = false

    /// Nothing folded yet.
    init(_ job: JobID, _ folding: any OpenFold) {
        self.folding = folding
        chain = FoldChain(job)
    }

    /// Where a snapshot was made. Throws `InputError` where the kind's part is of another shard.
    init(_ snapshot: FoldSnapshot, _ folding: any OpenFold) throws {
        guard folding.nextShard == snapshot.nextShard else {
            throw InputError(
                "fold snapshot", expected: "shard \(snapshot.nextShard) to come next", found: "\(folding.nextShard)"
            )
        }
        self.folding = folding
        chain = snapshot.chain
    }

    var nextShard: Int { folding.nextShard }

    /// Takes in the next shard's result.
    mutating func fold(_ result: [UInt8], digest: Digest) throws {
        let shard = folding.nextShard
        try folding.fold(result)
        chain.append(shard, digest)
    }

    /// Leaves the next shard out.
    mutating func skip(_ error: InputError) throws {
        isSpent = true
        try folding.skip(error)
    }

    func snapshot() throws -> FoldSnapshot {
        FoldSnapshot(nextShard: nextShard, chain: chain, folding: try folding.snapshot())
    }
}
