import Inputs
import Synchronization
import Work

/// Where kinds of work plan and fold: their code reads what users have submitted, which may be anything.
///
/// All methods block. After `stop` they throw `StopSignal.Stopped`, or what they would have thrown anyway.
public protocol WorkRunner: Sendable {
    /// Bytes of memory that a fold may take.
    var memory: Int { get }
    /// Plans a job. Throws `InputError`, also for a job file that is of another kind or name than `label` says.
    func plan(_ source: JobSource, as label: JobLabel, until stop: StopSignal) throws -> WorkPlan
    /// Opens a fold, at its start or where a snapshot was made. Throws `InputError`.
    func fold(of job: PlannedWork, from snapshot: [UInt8]?, until stop: StopSignal) throws -> any OpenFold
}

/// A `WorkFold` under way, wherever it is. One method at a time. After an error other than `InputError` it cannot go on.
public protocol OpenFold: Sendable {
    /// Whether it can go on.
    var isOpen: Bool { get }
    /// As in `WorkFold`.
    var nextShard: Int { get }
    var snapshotSize: Int { get }
    func fold(_ result: [UInt8]) throws
    func skip(_ error: InputError) throws
    func snapshot() throws -> [UInt8]
    func beginSecondPass() throws -> Bool
    func review(_ result: [UInt8]) throws
    func write(into folder: String, provenance: FoldProvenance) throws
}

/// Plans and folds in this process. For jobs that are trusted, such as those of a benchmark.
public struct InProcessRunner: WorkRunner {
    public let memory: Int
    private let kinds: WorkKinds

    /// Runs these kinds.
    public init(_ kinds: WorkKinds, memory: Int = .max) {
        self.kinds = kinds
        self.memory = memory
    }

    public func plan(_ source: JobSource, as label: JobLabel, until stop: StopSignal) throws -> WorkPlan {
        let progress = ComputeProgress()
        stop.whenStopped { progress.cancel() }
        return try kinds.plan(source, as: label, progress: progress)
    }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?, until stop: StopSignal) throws -> any OpenFold {
        let kind = try kinds.kind(job.task.kind, place: "the job")
        return InProcessFold(try kind.fold(of: job, from: snapshot), stop)
    }
}

private final class InProcessFold: OpenFold {
    private let fold: Mutex<any WorkFold>
    private let stop: StopSignal

    init(_ fold: any WorkFold, _ stop: StopSignal) {
        self.fold = Mutex(fold)
        self.stop = stop
    }

    let isOpen = true
    var nextShard: Int { fold.withLock { $0.nextShard } }
    var snapshotSize: Int { fold.withLock { $0.snapshotSize } }
    func fold(_ result: [UInt8]) throws { try fold.withLock { try $0.fold(result) } }
    func skip(_ error: InputError) throws { try fold.withLock { try $0.skip(error) } }
    func snapshot() throws -> [UInt8] { try fold.withLock { try $0.snapshot() } }
    func beginSecondPass() throws -> Bool { try fold.withLock { try $0.beginSecondPass(checkCancelled: stop.check) } }
    func review(_ result: [UInt8]) throws { try fold.withLock { try $0.review(result) } }

    func write(into folder: String, provenance: FoldProvenance) throws {
        let fold = fold.withLock { $0 }
        try fold.write(into: folder, provenance: provenance, checkCancelled: stop.check)
    }
}
