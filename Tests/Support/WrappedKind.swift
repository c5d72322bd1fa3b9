import Inputs
import Work

/// A kind of work whose shards are evaluated in another way; all else is the kind's own.
public struct WrappedKind<Kind: WorkKind>: WorkKind {
    /// Evaluates a shard, with the kind's own evaluator at hand.
    public typealias Evaluate = @Sendable (any WorkEvaluator, WorkShard, ComputeProgress) throws -> [UInt8]

    public static var name: String { Kind.name }

    private let kind: Kind
    private let evaluate: Evaluate

    /// Wraps a kind.
    public init(_ kind: Kind, evaluate: @escaping Evaluate) {
        self.kind = kind
        self.evaluate = evaluate
    }

    public func outline(of source: JobSource) throws -> JobOutline { try kind.outline(of: source) }

    public func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan {
        try kind.plan(source, progress: progress)
    }

    public func judge(of task: Payload) throws -> any ResultJudge { try kind.judge(of: task) }

    public func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        Evaluator(own: try kind.evaluator(for: task, at: place, progress: progress), evaluate: evaluate)
    }

    public func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        try kind.fold(of: job, from: snapshot)
    }

    private struct Evaluator: WorkEvaluator {
        let own: any WorkEvaluator
        let evaluate: Evaluate

        func evaluate(_ shard: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
            try evaluate(own, shard, progress)
        }
    }
}
