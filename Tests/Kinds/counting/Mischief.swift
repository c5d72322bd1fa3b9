import Foundation
import Inputs
import Work

/// A kind whose jobs do to the process that reads them whatever their file says under `plan` and `fold`.
public struct Mischief: WorkKind {
    public static let name = "mischief"

    /// What can be done to a process.
    enum Deed: String, CaseIterable {
        case nothing, hang, grow, die, openFiles, refuse

        func commit() throws {
            switch self {
            case .nothing: break
            case .hang: while true { usleep(1000) }
            case .grow:
                var all: [[UInt8]] = []
                while true { all.append([UInt8](repeating: 1, count: 1 << 24)) }
            case .die: kill(getpid(), SIGKILL)
            case .openFiles:
                var count = 0
                while open("/dev/null", O_RDONLY) >= 0 { count += 1 }
                throw InputError("files", expected: "no end", found: "\(count < 1024 ? "few" : "many") open")
            case .refuse: throw InputError("job.yaml", expected: "sense", found: "none", kind: .usage)
            }
        }
    }

    public init() {}

    public func outline(of source: JobSource) throws -> JobOutline { JobOutline(name: "mischief", inputs: []) }

    public func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan {
        try deed("plan", source).commit()
        return WorkPlan(
            task: Payload(kind: Self.name, version: 1, bytes: [1, 2]), shardVersion: 1,
            shards: (0..<3).map { .init(bytes: [UInt8($0)], tokens: 1 + $0) }, verified: [2],
            needsOneNumberSystem: true,
            record: [7], foldBytes: 11 << 20)
    }

    public func judge(of task: Payload) throws -> any ResultJudge { throw Unused() }

    public func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator { throw Unused() }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        Fold(deed: try deed("fold", job.source))
    }

    private func deed(_ key: String, _ source: JobSource) throws -> Deed {
        try Document(yaml: source.specText, file: source.specFile).optional(key)?.choice() ?? .nothing
    }

    private struct Unused: Error {}

    private struct Fold: WorkFold {
        let deed: Deed
        var nextShard = 0
        var snapshotSize: Int { 0 }

        mutating func fold(_ result: [UInt8]) throws {
            try deed.commit()
            nextShard += 1
        }

        mutating func skip(_ error: InputError) throws { nextShard += 1 }
        func snapshot() throws -> [UInt8] { [] }
        func write(into folder: String, provenance: FoldProvenance, checkCancelled: () throws -> Void) throws {}
    }
}
