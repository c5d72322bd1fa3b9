import Foundation
import Synchronization
import Wire

/// What the deciding thread knows that is not in the store, at one moment.
public struct CoordinatorSnapshot: Sendable {
    /// A connected worker.
    public struct Worker: Sendable {
        public var summary: WorkerSummary
        /// Seconds since it was heard.
        public var silence: Double
        /// Jobs of which it holds leases, or which it cannot do.
        public var jobs: Set<JobID>

        /// Names the parts.
        public init(summary: WorkerSummary, silence: Double, jobs: Set<JobID>) {
            self.summary = summary
            self.silence = silence
            self.jobs = jobs
        }
    }

    public var workers: [Worker]
    /// For each running job, how many of its shards are in which state.
    public var shards: [JobID: [CoordinatorMetrics.Shard: Int]]

    /// Names the parts.
    public init(workers: [Worker] = [], shards: [JobID: [CoordinatorMetrics.Shard: Int]] = [:]) {
        self.workers = workers
        self.shards = shards
    }
}

/// Where the deciding thread leaves the latest snapshot for whoever wants to look.
public final class SnapshotBoard: Sendable {
    private let latest = Mutex(CoordinatorSnapshot())

    /// An empty board.
    public init() {}

    /// Replaces the snapshot.
    public func post(_ snapshot: CoordinatorSnapshot) { latest.withLock { $0 = snapshot } }

    /// The last one posted.
    public var snapshot: CoordinatorSnapshot { latest.withLock { $0 } }
}
