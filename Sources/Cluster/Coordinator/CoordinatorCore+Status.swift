import Wire

extension CoordinatorCore {
    /// Brings the gauges up to date.
    func publish(at now: Double) {
        let workers = scheduler.workerStatus(at: now)
        for state in WorkerState.allCases {
            metrics.workers[state.label].set(workers.count { $0.state == state })
        }
        metrics.lastSeen.set(workers.map(\.silence).max() ?? 0)
        let shards = scheduler.shardCounts()
        metrics.shards[.waiting].set(shards.waiting)
        metrics.shards[.leased].set(shards.busy - pending.commits.count)
        metrics.shards[.committing].set(pending.commits.count)
        metrics.shards[.committed].set(shards.committed)
        metrics.shards[.quarantined].set(shards.quarantined)
        metrics.resultsBuffered.set(connections.values.reduce(0) { $0 + ($1.assembly?.bytes.count ?? 0) })
    }
}

extension WorkerState {
    fileprivate var label: CoordinatorMetrics.Worker {
        switch self {
        case .alive: .alive
        case .torpid: .torpid
        case .draining: .draining
        }
    }
}
