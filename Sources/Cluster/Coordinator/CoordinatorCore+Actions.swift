import Inputs
import Logging
import Wire

extension CoordinatorCore {
    /// Does what the scheduler says. Leases wait for `flushGrants`; a commit needs its bytes and goes through `commit`.
    func perform(_ actions: [Scheduler.Action], delivery: Delivery? = nil) {
        for action in actions {
            switch action {
            case .grant(let lease, let worker):
                grants.append((lease, worker))
            case .commit(let lease, let digest):
                commit(lease, digest, delivery)
            case .acknowledge(let lease, let worker):
                answer(worker, .accepted(lease), otherwise: .revoke([lease], reason: "the result is committed"))
            case .reject(let lease, let worker, let reason):
                let error = InputError("\(lease)", expected: "a lease that is wanted", found: reason)
                answer(worker, .rejected(lease, error), otherwise: .revoke([lease], reason: reason))
            case .revoke(let lease, let worker, let reason):
                if let connection = connections[worker] {
                    send(.revoke([lease], reason: reason), to: connection.control)
                }
                log(.info, "revoked", lease, worker, reason)
            case .askWho(let worker):
                askLater.append((now + Self.pauseBeforeAsking, worker))
            case .completeJob(let id):
                guard let job = running[id] else { break }
                logger.info("all shards are committed", metadata: ["job": "\(id)"])
                workshop.finish(job, missing: [:]) { [mailbox] in mailbox.post(.folded(id)) }
            case .failJob(let id, let error):
                fail(id, error)
            case .raiseDigestAlarm(let lease, let worker, let committed, let found):
                counted.count { $0.digestAlarms += 1 }
                let text =
                    "DIGEST ALARM: two computations of one shard differ: \(committed) is committed, \(found) came"
                log(.critical, "\(text)", lease, worker)
            case .record(let incident):
                record(incident)
            }
        }
    }

    /// Seconds before a worker whose result could not be stored is asked for it again.
    private static var pauseBeforeAsking: Double { 2 }

    /// Stores the epochs of all leases that are ready, then sends them.
    func flushGrants() {
        while !grants.isEmpty {
            let leaving = grants
            grants = []
            do {
                try store.saveEpochs(leaving.map(\.lease))
            } catch {
                logger.error("leases could not be stored", metadata: ["error": "\(error)"])
                for (lease, worker) in leaving { scheduler.grantFailed(lease, to: worker, at: now) }
                return
            }
            for (lease, worker) in leaving { send(lease, to: worker) }
        }
    }

    private func send(_ id: LeaseID, to worker: InstanceID) {
        // Between grant and here the job may have ended, or the worker gone.
        guard let connection = connections[worker], let task = running[id.job]?.task,
            scheduler.isCurrent(id, of: worker)
        else { return }
        do {
            let lease = Lease(id: id, seconds: config.leaseSeconds, task: task, work: try store.work(id))
            try router.send(.lease(lease), to: connection.control)
            log(.debug, "leased", id, worker)
        } catch let error as WireError {
            let error = InputError("\(id): \(error.what)", expected: error.expected, found: error.found)
            perform(scheduler.shardFailed(id, error: error, isPermanent: true, from: worker, at: now))
        } catch {
            log(.error, "a shard could not be read", id, worker, "\(error)")
            scheduler.grantFailed(id, to: worker, at: now)
        }
    }

    private func commit(_ lease: LeaseID, _ digest: Digest, _ delivery: Delivery?) {
        guard let delivery else { return perform(scheduler.commitFailed(lease, at: now)) }
        do {
            try store.commit(
                lease, digest: digest, bytes: delivery.bytes, instructionSet: delivery.instructionSet)
        } catch {
            logger.error("a result could not be stored", metadata: ["lease": "\(lease)", "error": "\(error)"])
            counted.count { $0.storeFailures += 1 }
            return perform(scheduler.commitFailed(lease, at: now))
        }
        if let job = running[lease.job] { workshop.shardsCommitted(job) }
        perform(scheduler.commitFinished(lease, at: now))
    }

    /// Answers on the data connection, or on the control connection where there is no other.
    private func answer(
        _ worker: InstanceID, _ message: MessageFromCoordinator, otherwise: MessageFromCoordinator
    ) {
        guard let connection = connections[worker] else { return }
        if let data = connection.data { send(message, to: data) } else { send(otherwise, to: connection.control) }
    }

    private func record(_ incident: Scheduler.Incident) {
        switch incident {
        case .leaseExpired(let lease, let worker, let wasRunning):
            counted.count { $0.expiredLeases += 1 }
            log(.warning, "the lease expired", lease, worker, wasRunning ? "while it ran" : "before it ran")
        case .shardFailed(let lease, let worker, let error):
            log(.warning, "the shard failed", lease, worker, "\(error)")
        case .workerLost(let worker, let name, let leases):
            counted.count { $0.lostWorkers += 1 }
            logger.warning("lost", metadata: ["worker": "\(name)", "leases": "\(leases)"])
            forget(worker)
        }
    }

    func log(
        _ level: Logger.Level, _ text: Logger.Message, _ lease: LeaseID, _ worker: InstanceID, _ reason: String? = nil
    ) {
        var metadata: Logger.Metadata = [
            "job": "\(lease.job)", "shard": "\(lease.shard)", "epoch": "\(lease.epoch)",
            "worker": "\(connections[worker]?.name ?? worker.description)",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        logger.log(level: level, text, metadata: metadata)
    }
}
