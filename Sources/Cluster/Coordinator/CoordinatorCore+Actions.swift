import Foundation
import Inputs
import Logging
import Wire

extension CoordinatorCore {
    /// Does what the scheduler says. What must be stored first waits for `flush`; a commit and a comparison need the
    /// result that came.
    func perform(_ actions: [Scheduler.Action], delivery: Delivery? = nil) {
        var revocations: [Revocation] = []
        defer { for revocation in revocations { revoke(revocation) } }
        for action in actions {
            switch action {
            case .grant(let lease, let worker, let purpose):
                grants.append((lease, worker, purpose))
            case .commit(let lease, let digest):
                commit(lease, digest, delivery)
            case .compare(let lease, let worker, let challenger):
                compare(lease, from: worker, challenger: challenger, delivery)
            case .keepChallenge(let lease, let author, let what):
                guard let delivery else { break }
                pending.challenges[Scheduler.ShardKey(job: lease.job, shard: lease.shard)] = .kept(
                    StoreBatch.Challenge(
                        epoch: lease.epoch, author: author, what: what, bytes: delivery.bytes,
                        transfer: delivery.transfer, numberSystem: delivery.numberSystem))
            case .dropChallenge(let job, let shard):
                pending.challenges[Scheduler.ShardKey(job: job, shard: shard)] = .dropped
            case .convict(let author, let what):
                pending.convictions.append((author, what))
            case .pin(let job, let numberSystem):
                pending.pins[job] = numberSystem
            case .acknowledge(let lease, let worker):
                // What follows from the result is stored before its worker may forget it.
                guard pending.canWait else {
                    acknowledgements.append((lease, worker))
                    break
                }
                acknowledge(lease, to: worker)
            case .reject(let lease, let worker, let reason):
                let error = InputError("\(lease)", expected: "a lease that is wanted", found: reason)
                answer(worker, .rejected(lease, error), otherwise: .revoke([lease], reason: reason))
            case .revoke(let lease, let worker, let reason):
                if let last = revocations.last, last.worker == worker, last.reason == reason,
                    last.leases.count < WireLimits.leases
                {
                    revocations[revocations.count - 1].leases.append(lease)
                } else {
                    revocations.append(Revocation(worker: worker, reason: reason, leases: [lease]))
                }
            case .askWho(let worker):
                askLater.append((now + Self.pauseBeforeAsking, worker))
            case .dismiss(let worker, let reason, let atOnce):
                dismiss(worker, reason, atOnce: atOnce)
            case .quarantine(let job, let shard, let error):
                quarantine(job, shard, error)
            case .noteVerification(let job, let shard, let outcome, let authors):
                noteVerification(job, shard, outcome, authors)
            case .retract(let job, let shards):
                retract(shards, of: job)
            case .finishJob(let id, let missing):
                guard let job = running[id]?.job else { break }
                logger.info(
                    "all shards are committed", metadata: ["job": "\(id)", "quarantined": "\(missing.count)"])
                // What is still to be stored of its shards comes first.
                finishing.append((job, missing))
            case .failJob(let id, let error):
                fail(id, error)
            case .record(let incident):
                record(incident)
            }
        }
    }

    /// Leases that a worker is to drop, all for one reason.
    private struct Revocation {
        let worker: InstanceID
        let reason: String
        var leases: [LeaseID]
    }

    /// Tells a worker in one message: it may name thousands of leases that it does not have.
    private func revoke(_ revocation: Revocation) {
        let (worker, reason) = (revocation.worker, revocation.reason)
        if let connection = connections[worker] {
            send(.revoke(revocation.leases, reason: reason), to: connection.control)
        }
        // A worker may name leases that it never had, as often as it likes.
        for lease in revocation.leases where scheduler.wasGiven(lease, to: worker) {
            note(.info, "revoked", lease, worker, reason)
        }
    }

    /// Seconds before a worker whose result could not be stored is asked for it again.
    private static var pauseBeforeAsking: Double { 2 }

    func acknowledge(_ lease: LeaseID, to worker: InstanceID) {
        answer(worker, .accepted(lease), otherwise: .revoke([lease], reason: "the result is committed"))
    }

    private func commit(_ lease: LeaseID, _ digest: Digest, _ delivery: Delivery?) {
        guard let delivery else { return perform(scheduler.commitFailed(lease, at: now)) }
        pending.commits.append(
            StoreBatch.Commit(
                lease: lease, digest: digest, bytes: delivery.bytes, transfer: delivery.transfer,
                numberSystem: delivery.numberSystem, author: delivery.author))
    }

    private func dismiss(_ worker: InstanceID, _ reason: String, atOnce: Bool) {
        metrics.workersDismissed.add()
        guard let connection = connections[worker] else { return }
        send(.dismiss(reason: reason, atOnce: atOnce), to: connection.control)
        logger.warning("dismissed", metadata: ["worker": "\(connection.name)", "reason": "\(reason)"])
    }

    private func quarantine(_ job: JobID, _ shard: Int, _ error: InputError) {
        metrics.quarantined.add()
        pending.quarantines.append((job, shard, error))
        logger.error("quarantined", metadata: ["job": "\(job)", "shard": "\(shard)", "reason": "\(error)"])
        tell(LeaseID(job: job, shard: shard, epoch: 0), "quarantined", nil, "\(error)")
    }

    private func noteVerification(
        _ job: JobID, _ shard: Int, _ outcome: Scheduler.Verification, _ authors: [Author]
    ) {
        metrics.verifications[outcome].add()
        pending.verifications.append(.init(job: job, shard: shard, outcome: outcome, authors: authors))
        let lease = LeaseID(job: job, shard: shard, epoch: 0)
        switch outcome {
        case .agreed: tell(lease, "verified", nil, "two workers agree")
        case .disagreed: tell(lease, "verified", nil, "after a dispute")
        case .skipped:
            let reason = "there was no second worker to verify it"
            logger.warning("not verified", metadata: ["job": "\(job)", "shard": "\(shard)", "reason": "\(reason)"])
            tell(lease, "not verified", nil, reason)
        }
    }

    private func retract(_ shards: [Int], of id: JobID) {
        guard let job = running[id]?.job else { return }
        logger.warning("results are taken back", metadata: ["job": "\(id)", "shards": "\(shards)"])
        for shard in shards {
            pending.retractions.append((id, shard))
            tell(LeaseID(job: id, shard: shard, epoch: 0), "taken back", nil, "its worker's numbers were wrong")
        }
        retracted[id] = job
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
            metrics.leasesExpired.add()
            note(.warning, "expired", lease, worker, wasRunning ? "while it ran" : "before it ran")
        case .shardFailed(let lease, let worker, let error):
            metrics.shardFailures.add()
            note(.warning, "failed", lease, worker, "\(error)")
        case .unfit(let lease, let worker, let error):
            note(.error, "cannot do the job", lease, worker, "\(error)")
        case .damaged(let lease):
            note(.critical, "damaged in the store", lease, nil, "the shard is computed again")
        case .notCompared(let lease, let worker):
            note(.error, "not compared", lease, worker, "the committed result could not be read; it stands")
        case .stalled(let lease, let worker, let seconds):
            note(.error, "stalled", lease, worker, "no progress for \(Int(seconds)) s")
        case .disputed(let lease, let committer, let challenger, let what):
            metrics.digestAlarms.add()
            let reason = "\(challenger) does not agree with \(committer): \(what)"
            note(.critical, "disputed", lease, nil, reason)
        case .lateDifference(let lease, let worker, let what):
            metrics.digestAlarms.add()
            note(.critical, "late result differs", lease, worker, what)
        case .convicted(let author, let lease, let witnesses, let what):
            metrics.digestAlarms.add()
            let reason =
                "\(author.name) computes wrongly: \(witnesses.joined(separator: " and ")) agree against it: \(what)"
            note(.critical, "convicted", lease, nil, reason)
            warnOfEndedJobs(with: author)
        case .workerLost(let worker, let name, let leases):
            metrics.workersLost.add()
            logger.warning("lost", metadata: ["worker": "\(name)", "leases": "\(leases.count)"])
            for lease in leases { tell(lease, "worker lost", worker) }
            forget(worker)
        }
    }

    /// People may have read jobs already that this worker had a part in.
    private func warnOfEndedJobs(with author: Author) {
        do {
            for (job, shards) in try store.jobs(with: author) where !scheduler.open.contains(job) {
                logger.critical(
                    "a finished job holds shards of a worker whose numbers are wrong: submit it again",
                    metadata: ["job": "\(job)", "shards": "\(shards)", "worker": "\(author.name)"])
            }
        } catch {
            logger.error("the store cannot be read", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - Log and story

    /// A log line and a line of the shard's story.
    func note(_ level: Logger.Level, _ event: String, _ lease: LeaseID, _ worker: InstanceID?, _ reason: String) {
        log(level, event, lease, worker, reason)
        tell(lease, event, worker, reason)
    }

    /// A line of a shard's story, stored with the next batch.
    func tell(_ lease: LeaseID, _ event: String, _ worker: InstanceID?, _ reason: String = "") {
        guard pending.story.count < Self.mostLinesWaiting else { return }
        let name = worker.map { connections[$0]?.name ?? "\($0)" } ?? ""
        let line = StoryLine(
            at: Int(Date().timeIntervalSince1970 * 1000), epoch: lease.epoch, event: event, worker: name,
            reason: Self.short(reason))
        pending.story.append(StoreBatch.Event(job: lease.job, shard: lease.shard, line: line))
    }

    /// Reasons come from workers, too.
    private static func short(_ reason: String) -> String {
        let most = 1024
        return reason.utf8.count <= most
            ? reason : reason.unicodeScalars.prefix(most / 4).reduce(into: "") { $0.unicodeScalars.append($1) } + "…"
    }

    /// Lines that may wait for a disk that does not write.
    private static var mostLinesWaiting: Int { 100_000 }

    func log(
        _ level: Logger.Level, _ text: String, _ lease: LeaseID, _ worker: InstanceID?,
        _ reason: String? = nil
    ) {
        var metadata: Logger.Metadata = [
            "job": "\(lease.job)", "shard": "\(lease.shard)", "epoch": "\(lease.epoch)",
        ]
        if let reason { metadata["reason"] = "\(reason)" }
        guard let worker else { return logger.log(level: level, "\(text)", metadata: metadata) }
        metadata["worker"] = "\(connections[worker]?.name ?? worker.description)"
        // What is worse follows from shards, and of these there are so many only.
        guard let connection = connections[worker], level == .info || level == .warning else {
            return logger.log(level: level, "\(text)", metadata: metadata)
        }
        logOfWorker(level, text, Sender(connection.key, connection.control), metadata)
    }
}
