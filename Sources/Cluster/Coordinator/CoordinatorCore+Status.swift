import Wire

extension CoordinatorCore {
    /// Brings gauges and snapshot up to date.
    func publish(at now: Double) {
        heartbeat.beat()
        let workers = scheduler.workerStatus(at: now)
        board.post(
            CoordinatorSnapshot(
                workers: workers.compactMap { status in
                    summary(of: status).map {
                        CoordinatorSnapshot.Worker(
                            summary: $0, silence: status.silence,
                            jobs: Set(status.held.map(\.job)).union(status.unfit.keys))
                    }
                },
                shards: scheduler.shardCounts().mapValues { counts in
                    [
                        .waiting: counts.waiting, .leased: counts.leased, .committing: counts.committing,
                        .committed: counts.committed, .quarantined: counts.quarantined,
                    ]
                }))
        for state in WorkerState.allCases {
            metrics.workers[state].set(workers.count { $0.state == state })
        }
        metrics.lastSeen.set(workers.map(\.silence).max() ?? 0)
        for state in CoordinatorMetrics.Shard.allCases {
            metrics.shards[state].set(board.snapshot.shards.values.reduce(0) { $0 + ($1[state] ?? 0) })
        }
        metrics.resultsBuffered.set(connections.values.reduce(0) { $0 + ($1.assembly?.bytes.count ?? 0) })
    }
}

extension CoordinatorCore {
    /// Counts what happened at the edge, and says so where a person should know.
    func note(_ problem: TransportProblem) {
        switch problem {
        case .malformed:
            metrics.malformedMessages.add()
            metrics.authFailures[.malformed].add()
        case .forbidden: metrics.authFailures[.wrongRole].add()
        case .stranger(_, let key, _): metrics.authFailures[key == nil ? .noKey : .unknownKey].add()
        case .disconnected: metrics.disconnects.add()
        case .undeliverable, .handshakeFailed, .crowded, .notAdmitted, .allowListRefused, .failed: break
        }
        if let kind = problem.nuisance, !nuisances.take(kind, at: now) { return }
        logger.log(level: problem.isRoutine ? .debug : .warning, "\(problem)")
    }
}
