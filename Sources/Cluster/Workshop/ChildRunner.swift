import Inputs
import Synchronization
import Work

/// Plans and folds in processes of this program, one for each job.
public struct ChildRunner: WorkRunner {
    private let program: WorkshopProcess.Program
    private let limits: WorkshopProcess.Limits

    /// Each process may take `memory` bytes, and opens only what is below `modelRoots`; anything where there are none.
    /// `executable` is the program: called as `workshop --memory BYTES --model-root FOLDER…` it must serve by `WorkshopChild`.
    public init(executable: String = "/proc/self/exe", memory: Int, modelRoots: [String] = []) {
        self.init(.init(executable: executable, modelRoots: modelRoots), .init(memory: memory))
    }

    init(_ program: WorkshopProcess.Program, _ limits: WorkshopProcess.Limits) {
        self.program = program
        self.limits = limits
    }

    public var memory: Int { limits.memory }

    public func plan(_ source: JobSource, as label: JobLabel, until stop: StopSignal) throws -> WorkPlan {
        let place = "planning \(source.specFile)"
        let process = try WorkshopProcess(program, place: place, limits: limits, until: stop)
        guard case .planned(var plan, let count) = try process.ask(.plan(source, label)) else {
            throw surprise(place, "a plan")
        }
        var bytes = 0
        for _ in 0..<count {
            guard case .shard(let shard) = try process.next() else { throw surprise(place, "\(count) shards") }
            bytes += shard.bytes.count
            // A plan that the process could not hold itself is none.
            guard bytes <= limits.memory else {
                throw InputError(place, expected: "at most \(limits.memory) bytes of shards", found: "more")
            }
            plan.shards.append(shard)
        }
        return plan
    }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?, until stop: StopSignal) throws -> any OpenFold {
        let process = try WorkshopProcess(
            program, place: "folding \(job.source.specFile)", limits: limits, until: stop)
        try process.tell(
            .open(
                .init(
                    source: job.source, task: job.task, record: job.record, shardCount: job.shardCount,
                    snapshot: snapshot)))
        for shard in 0..<job.shardCount { try process.tell(.shard(job.shard(shard))) }
        return try ChildFold(process)
    }
}

private func surprise(_ place: String, _ expected: String) -> InputError {
    InputError(place, expected: expected, found: "another answer of the process", kind: .temporary)
}

/// A fold in another process.
private final class ChildFold: OpenFold {
    private struct Standing {
        var nextShard: Int
        var snapshotSize: Int
    }

    private let process: WorkshopProcess
    private let standing = Mutex(Standing(nextShard: 0, snapshotSize: 0))

    /// Waits for the answer to `open`.
    init(_ process: WorkshopProcess) throws {
        self.process = process
        try note(try process.next())
    }

    var isOpen: Bool { process.isRunning }
    var nextShard: Int { standing.withLock(\.nextShard) }
    var snapshotSize: Int { standing.withLock(\.snapshotSize) }
    func fold(_ result: [UInt8]) throws { try note(process.ask(.fold(result))) }
    func skip(_ error: InputError) throws { try note(process.ask(.skip(error))) }

    func snapshot() throws -> [UInt8] {
        guard case .snapshot(let bytes) = try process.ask(.snapshot) else { throw surprise("the fold", "a snapshot") }
        return bytes
    }

    func beginSecondPass() throws -> Bool {
        guard case .secondPass(let isWanted) = try process.ask(.secondPass) else {
            throw surprise("the fold", "whether it wants a second pass")
        }
        return isWanted
    }

    func review(_ result: [UInt8]) throws { try note(process.ask(.review(result))) }

    func write(into folder: String, provenance: FoldProvenance) throws {
        try note(process.ask(.write(folder: folder, provenance)))
    }

    private func note(_ reply: WorkshopReply) throws {
        guard case .done(let nextShard, let snapshotSize) = reply else { throw surprise("the fold", "to go on") }
        standing.withLock { $0 = Standing(nextShard: nextShard, snapshotSize: snapshotSize) }
    }
}
