import Diffing
import Foundation
import Inputs

/// A job as it was submitted.
public struct JobSource: Sendable, Hashable {
    /// The job spec, YAML.
    public var specText: String
    /// What the spec is called in errors.
    public var specFile: String
    /// What the spec's relative paths are relative to; absolute.
    public var folder: String

    /// Makes a source.
    public init(specText: String, specFile: String, folder: String) {
        self.specText = specText
        self.specFile = specFile
        self.folder = folder
    }
}

/// What a job comes to before the first shard is handed out.
public struct JobPlan: Sendable, Hashable {
    public var task: DiffTask
    /// By index, without gaps.
    public var shards: [ShardWork]
    /// Whatever the planner wants to have again at the fold; kept as it is.
    public var record: Data

    /// Makes a plan.
    public init(task: DiffTask, shards: [ShardWork], record: Data) {
        self.task = task
        self.shards = shards
        self.record = record
    }
}

/// A job whose shards have a task and tokens, for the fold.
public struct PlannedJob: Sendable {
    public var source: JobSource
    public var task: DiffTask
    /// `JobPlan.record`.
    public var record: Data
    /// Number of shards.
    public var shards: Int
    /// Reads what one shard is made of.
    public var work: @Sendable (Int) throws -> ShardWork

    /// Makes a job.
    public init(
        source: JobSource, task: DiffTask, record: Data, shards: Int,
        work: @escaping @Sendable (Int) throws -> ShardWork
    ) {
        self.source = source
        self.task = task
        self.record = record
        self.shards = shards
        self.work = work
    }
}

/// A fold under way: shard results go in, in the plan's order, and a bundle comes out at the end.
///
/// A value: what a copy takes in leaves the original as it was.
public protocol JobFolding: Sendable {
    /// The only shard that can be folded or skipped next; the number of shards once all of them were.
    var nextShard: Int { get }
    /// Takes in the next shard. Throws `InputError`, and changes nothing, for any other or for one that cannot be.
    mutating func fold(_ result: ShardResult) throws
    /// Leaves the next shard out for good: its prompts count nowhere, and the bundle says so and why.
    mutating func skip(_ error: InputError) throws
    /// Bytes that `checkpoint` comes to now.
    var checkpointSize: Int { get }
    /// All that was taken in, for `JobPlanning.fold(of:checkpoint:)`. Throws `InputError` after a skip: what was left
    /// out may still come.
    func checkpoint() throws -> [UInt8]
    /// Writes the bundle to `folder`, which does not exist yet; it appears whole or not at all. `digests` has those of
    /// all shard results by index, nil for those that were skipped; `instructionSets` the kernels that computed them.
    func write(into folder: String, digests: [Digest?], instructionSets: Set<String>) throws
}

/// How a job spec becomes shards, and shard results become a bundle. The coordinator knows nothing else about jobs.
///
/// The methods are pure functions of the job and of the files that it names: after a restart a job is planned or folded
/// again, with the same outcome. They run off the coordinator's own thread and may take their time, where not said
/// otherwise.
public protocol JobPlanning: Sendable {
    /// The job's name, from a first look at the spec alone, at once. Throws `InputError` for a spec that cannot be right.
    func name(of source: JobSource) throws -> String
    /// Which of the job's shards are to be computed a second time, from the spec alone, at once. Throws `InputError`.
    func verifiedShards(of source: JobSource, count: Int) throws -> Set<Int>
    /// Reads the inputs and plans the shards. Throws `InputError`.
    func plan(_ source: JobSource) throws -> JobPlan
    /// Begins a fold, or goes on with one where an earlier one made its checkpoint. Throws `InputError`, also for a
    /// checkpoint that is damaged or of another job.
    func fold(of job: PlannedJob, checkpoint: [UInt8]?) throws -> any JobFolding
}
