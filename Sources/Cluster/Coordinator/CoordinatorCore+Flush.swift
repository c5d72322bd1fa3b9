import Inputs
import Wire

extension CoordinatorCore {
    /// Stores all that has come together in one transaction, and only then tells anybody. Lines of stories alone wait for more,
    /// unless they have waited long enough or a job ends: whoever sees that a job is done finds its stories whole.
    func flush(storyIsDue: Bool = false) {
        // A slot for which there was no shard does not count as answered late once there is one.
        defer { freedAt.removeAll(keepingCapacity: true) }
        var storyIsDue = storyIsDue
        while true {
            var batch = pending
            batch.epochs = grants.map { StoreBatch.Epoch(lease: $0.lease, holder: $0.worker) }
            if batch.canWait, batch.story.isEmpty || !(storyIsDue || !finishing.isEmpty) { break }
            storyIsDue = false
            let (leaving, answers) = (grants, acknowledgements)
            (pending, grants, acknowledgements) = (StoreBatch(), [], [])
            let begin = ContinuousClock.now
            do {
                let refused = Set(try store.apply(batch))
                metrics.commitSeconds.observe(now - seconds(begin))
                finish(batch.commits, refused: refused)
                for (lease, worker) in answers { acknowledge(lease, to: worker) }
                for (lease, worker, purpose) in leaving { send(lease, to: worker, purpose) }
            } catch {
                metrics.storeFailures.add(max(1, batch.commits.count))
                if complaints.take("flush", at: now) {
                    logger.error(
                        "the store does not write",
                        metadata: ["error": "\(error)", "number": "\(Int(metrics.storeFailures.value))"])
                }
                acknowledgements = answers + acknowledgements
                putBack(batch, leaving)
                return
            }
        }
        passOn()
    }

    private func finish(_ commits: [StoreBatch.Commit], refused: Set<LeaseID>) {
        for commit in commits {
            guard !refused.contains(commit.lease) else {
                // Of a job that has ended meanwhile nothing more is stored.
                if scheduler.isRunning(commit.lease.job, shard: commit.lease.shard) {
                    log(.critical, "a shard has a result already that should have none", commit.lease, nil)
                }
                perform(scheduler.commitFailed(commit.lease, at: now))
                continue
            }
            metrics.tokensCommitted.add(running[commit.lease.job]?.tokens[commit.lease.shard] ?? 0)
            tell(commit.lease, "committed", nil, "by \(commit.author.name), digest \(commit.digest)")
            progressed.insert(commit.lease.job)
            perform(scheduler.commitFinished(commit.lease, at: now))
        }
    }

    /// What could not be stored: results are sent again, leases are given later, the rest is kept.
    private func putBack(_ batch: StoreBatch, _ leaving: [(LeaseID, InstanceID, Scheduler.Purpose)]) {
        pending.retractions = batch.retractions + pending.retractions
        pending.quarantines = batch.quarantines + pending.quarantines
        pending.verifications = batch.verifications + pending.verifications
        pending.challenges.merge(batch.challenges) { newer, _ in newer }
        pending.convictions = batch.convictions + pending.convictions
        pending.pins.merge(batch.pins) { newer, _ in newer }
        pending.story = batch.story + pending.story
        for (lease, worker, _) in leaving { scheduler.grantFailed(lease, to: worker, at: now) }
        for commit in batch.commits { perform(scheduler.commitFailed(commit.lease, at: now)) }
    }

    /// Tells the workshop what it may fold now.
    private func passOn() {
        guard pending.retractions.isEmpty else { return }
        for (id, job) in retracted where running[id] != nil { workshop.reset(job) }
        retracted = [:]
        for id in progressed {
            if let job = running[id]?.job { workshop.shardsCommitted(job) }
        }
        progressed = []
        guard pending.canWait else { return }
        for (job, missing) in finishing {
            let begin = ContinuousClock.now
            workshop.finish(job, missing: missing) { [mailbox, metrics] in
                metrics.foldSeconds.observe(begin.duration(to: .now))
                mailbox.post(.folded(job.id))
            }
        }
        finishing = []
    }

    private func send(_ id: LeaseID, to worker: InstanceID, _ purpose: Scheduler.Purpose) {
        // Between grant and here the job may have ended, or the worker gone.
        guard let connection = connections[worker], let running = running[id.job], scheduler.isCurrent(id, of: worker)
        else { return }
        do {
            let lease = Lease(
                id: id, seconds: config.leaseSeconds, tokens: running.tokens[id.shard], taskDigest: running.taskDigest,
                task: connection.tasks.contains(running.taskDigest) ? nil : running.task,
                shard: try store.shard(id.shard, of: running.job).payload)
            let bytes = try router.send(.lease(lease), to: connection.control)
            for stage in CoordinatorMetrics.Stage.allCases { metrics.bytes[.out, stage].add(bytes) }
            count(purpose)
            if let freed = freedAt.removeValue(forKey: worker) { metrics.leaseAnswer.observe(max(0, now - freed)) }
            log(.debug, "leased", id, worker, purpose.rawValue)
            tell(id, "leased", worker, purpose.rawValue)
        } catch let error as ByteError {
            let error = InputError("\(id): \(error.what)", expected: error.expected, found: error.found)
            perform(scheduler.shardFailed(id, error: error, cause: .shard, from: worker, at: now))
        } catch let error as InputError where error.kind == .configuration {
            // The plan is damaged: no worker can compute this shard, and no fold can take it in.
            perform(scheduler.fail(id.job, error))
        } catch {
            log(.error, "a shard could not be read", id, worker, "\(error)")
            scheduler.grantFailed(id, to: worker, at: now)
        }
    }

    private func count(_ purpose: Scheduler.Purpose) {
        metrics.leasesGranted.add()
        switch purpose {
        case .first, .verification: break
        case .again: metrics.shardRetries.add()
        case .speculation: metrics.speculativeLeases.add()
        }
    }
}
