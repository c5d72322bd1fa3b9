import Inputs

/// A kind of work: how a job file becomes shards, what a worker makes of a shard, and how results become a bundle.
///
/// A kind is a folder in `Kinds/` and a line in the list that the command line makes. Nothing else knows its payloads.
/// `plan` and `fold` are pure functions of the job and of the files that it names: after a restart a job is planned or
/// folded again, with the same outcome. They run off the coordinator's own thread and may take their time.
public protocol WorkKind: Sendable {
    /// What a job file calls it under `kind:`.
    static var name: String { get }

    /// Reads the job file alone and returns at once. Throws `InputError` for one that cannot be right.
    func outline(of source: JobSource) throws -> JobOutline

    /// Reads the inputs and plans the shards, and counts a step again and again: a plan that stands still is given up. Throws
    /// `InputError`, and `CancellationError` soon after `progress` was cancelled.
    func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan

    /// Makes the judge of a task's results. Throws `InputError` for a task that cannot be read.
    func judge(of task: Payload) throws -> any ResultJudge

    /// Opens what a task names, on a worker: the models stay open from one shard to the next. Throws `InputError`, and
    /// `CancellationError` soon after `progress` was cancelled.
    func evaluator(for task: Payload, at place: WorkerPlace, progress: ComputeProgress) throws -> any WorkEvaluator

    /// Begins a fold, or goes on from the snapshot of an earlier one. Throws `InputError`, also for a snapshot that is damaged
    /// or of another job.
    func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold
}

extension WorkKind {
    /// What a job file calls it under `kind:`.
    public var name: String { Self.name }
}

/// Says whether results of a task can be true, and whether two agree. The task is read once, when the judge is made.
public protocol ResultJudge: Sendable {
    /// Validates a result for its shard. Its content digest is the same on every machine that computed the same numbers. Throws
    /// `InputError` for bytes that are no result of the shard.
    func check(_ result: [UInt8], shard: WorkShard) throws -> CheckedResult
    /// Compares two results of a shard that may have been computed in different number systems. Throws `InputError` if one of
    /// them cannot be read.
    func compare(_ one: [UInt8], _ other: [UInt8], shard: WorkShard) throws -> ResultComparison
}

/// What a check tells about a result.
public struct CheckedResult: Sendable, Hashable {
    /// SHA-256 of the content, however it is compressed.
    public var contentDigest: Digest
    /// Bytes of the content.
    public var contentBytes: Int

    /// Makes one.
    public init(contentDigest: Digest, contentBytes: Int) {
        self.contentDigest = contentDigest
        self.contentBytes = contentBytes
    }
}

/// How two computations of one shard compare.
public enum ResultComparison: Sendable, Hashable {
    case identical
    /// Not the same, but within what rounding explains. `largest` is the largest relative difference.
    case within(largest: Double)
    /// What differs most, and how many values do.
    case differs(String)
}

/// A task that is open on a worker.
public protocol WorkEvaluator: Sendable {
    /// Computes a shard; returns the encoded result. One shard at a time, on the worker's compute thread.
    ///
    /// Throws `InputError`. Kind `badData` means that the shard's inputs are at fault and any worker would fail. Kind
    /// `configuration` means that this worker cannot do the job. After another kind, as after any other error, the shard is
    /// tried elsewhere. Throws `CancellationError` soon after `progress` was cancelled.
    func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8]
}

/// A fold under way: results go in, in the plan's order, and a bundle comes out at the end.
///
/// A value: what a copy takes in leaves the original as it was.
public protocol WorkFold: Sendable {
    /// The only shard that can be folded or skipped next; the number of shards once all of them were.
    var nextShard: Int { get }
    /// Takes in the next shard's result, which was checked. Throws `InputError`, and changes nothing, if that fails.
    mutating func fold(_ result: [UInt8]) throws
    /// Leaves the next shard out for good: the bundle says so and why.
    mutating func skip(_ error: InputError) throws
    /// Size in bytes that a snapshot would have now.
    var snapshotSize: Int { get }
    /// The state of the fold, for `WorkKind.fold`. Throws `InputError` after a skip, because what was left out may still come.
    func snapshot() throws -> [UInt8]
    /// Begins a second pass over the results, for what can be taken from them only once all of them are known. False where the
    /// fold wants none, which is usual. Called once all shards were folded or skipped; called again it begins the pass anew.
    /// No snapshot holds anything of it. `checkCancelled` as in `write`.
    mutating func beginSecondPass(checkCancelled: () throws -> Void) throws -> Bool
    /// Takes in the second pass the result of the next shard that was not skipped, as it was folded. Throws `InputError`.
    mutating func review(_ result: [UInt8]) throws
    /// Writes the bundle to `folder`, which does not exist yet; it appears whole or not at all. Where a second pass is wanted it
    /// has come to its end. `checkCancelled` is called
    /// again and again meanwhile. An error that it throws ends the writing, and no folder appears.
    func write(into folder: String, provenance: FoldProvenance, checkCancelled: () throws -> Void) throws
}

/// One pass is enough, unless a kind says otherwise.
extension WorkFold {
    public mutating func beginSecondPass(checkCancelled: () throws -> Void) throws -> Bool { false }

    public mutating func review(_ result: [UInt8]) throws {
        throw InputError("the fold", expected: "one pass over the results", found: "a second one")
    }
}

/// What a bundle tells about the origin of its results.
public struct FoldProvenance: Sendable, Hashable {
    /// Content digests of all shards' results by index; nil for those that were skipped.
    public var contentDigests: [Digest?]
    /// The number systems that computed them, such as `cpu/avx512`.
    public var numberSystems: Set<String>

    /// Makes one.
    public init(contentDigests: [Digest?], numberSystems: Set<String>) {
        self.contentDigests = contentDigests
        self.numberSystems = numberSystems
    }
}
