import Foundation
import Inputs
import Logging
import Wire
import Work

extension CoordinatorCore {
    /// Answers an operator.
    func answer(_ request: OperatorRequest, id: UInt64, to peer: PeerID) {
        if Archive.answers(request) {
            let router = self.router
            return archive.reply(to: request) { [logger] in Self.send($0, id, to: peer, router, logger) }
        }
        let reply: OperatorReply
        do {
            reply = try self.reply(to: request)
        } catch {
            reply = .failure(
                error as? InputError ?? InputError("the coordinator", expected: "an answer", found: "\(error)"))
        }
        Self.send(reply, id, to: peer, router, logger)
    }

    /// An answer may come to more than fits into a message; whoever waits for it is told.
    private static func send(
        _ reply: OperatorReply, _ id: UInt64, to peer: PeerID, _ router: RouterThread, _ logger: Logger
    ) {
        do {
            do {
                try router.send(.reply(id: id, reply), to: peer)
            } catch let error as ByteError {
                let error = InputError("the answer: \(error.what)", expected: error.expected, found: error.found)
                try router.send(.reply(id: id, .failure(error)), to: peer)
            }
        } catch {
            logger.error("an answer could not be sent", metadata: ["peer": "\(peer)", "error": "\(error)"])
        }
    }

    private func reply(to request: OperatorRequest) throws -> OperatorReply {
        switch request {
        case .submit(let ticket, let kind, let name, let text, let file, let folder):
            return try submit(
                JobSource(specText: text, specFile: file, folder: folder), JobLabel(kind: kind, name: name), ticket)
        case .show(let id): return .job(try detail(of: find(id)))
        case .cancel(let id): return try cancel(find(id))
        case .retry(let id): return try retry(find(id))
        case .story(let id, let shard): return .story(try story(of: find(id), shard))
        case .workers: return .workers(workers { _ in true })
        case .remove(let id):
            try remove(find(id))
            return .removed
        case .prune(let seconds, let isTrial): return .jobs(try prune(olderThan: seconds, isTrial: isTrial))
        case .list, .bundleFiles, .fetch: return try archive.reply(to: request)
        }
    }

    /// Takes a job without reading its file: that is left to the plan.
    private func submit(_ source: JobSource, _ label: JobLabel, _ ticket: InstanceID) throws -> OperatorReply {
        guard source.folder.hasPrefix("/") else {
            throw InputError("folder", expected: "an absolute path", found: source.folder, kind: .usage)
        }
        _ = try workshop.kinds.kind(label.kind, place: "kind")
        try label.check()
        let job = try store.submit(
            source, kind: label.kind, name: label.name, ticket: ticket, at: Int(Date().timeIntervalSince1970))
        // The same ticket again: the answer got lost.
        guard job.state == .planning, !planned.contains(job.id) else { return .submitted(job.id) }
        logger.info("submitted", metadata: ["job": "\(job.id)", "spec": "\(source.specFile)"])
        plan(job)
        return .submitted(job.id)
    }

    private func cancel(_ job: StoredJob) throws -> OperatorReply {
        guard job.state == .planning || job.state == .running else {
            throw InputError(
                "job \(job.id)", expected: "a job that has not ended", found: "one that is \(job.state.rawValue)",
                kind: .usage)
        }
        try store.cancel(job)
        workshop.forget(job.id)
        logger.info("cancelled", metadata: ["job": "\(job.id)"])
        perform(scheduler.cancel(job.id, at: now))
        return .cancelled
    }

    private func retry(_ job: StoredJob) throws -> OperatorReply {
        guard job.state == .partial || job.state == .failed else {
            throw InputError(
                "job \(job.id)", expected: "a job that is partial or failed",
                found: "one that is \(job.state.rawValue)",
                kind: .usage)
        }
        let isOwn = job.build == build
        if job.isPlanned, !isOwn, try store.done(of: job.id)[job.id] != nil {
            throw InputError(
                "job \(job.id)", expected: "a job that this build of actdiff computed, \(build)",
                found: "one of \(job.plannedBy)", hint: "submit it again: shards of two builds are never mixed",
                kind: .configuration)
        }
        guard let retry = try store.retry(job, keepingPlan: isOwn), let job = try store.job(job.id) else {
            throw InputError("job \(job.id)", expected: "a stored job", found: "none", kind: .temporary)
        }
        switch retry {
        case .planning:
            logger.info("planned again", metadata: ["job": "\(job.id)"])
            plan(job)
            return .retrying(shards: nil)
        case .running(let shards):
            logger.info("tried again", metadata: ["job": "\(job.id)", "shards": "\(shards)"])
            try schedule(job)
            return .retrying(shards: shards)
        }
    }

    private func story(of job: StoredJob, _ shard: Int) throws -> [StoryLine] {
        guard (0..<job.shards).contains(shard) else {
            throw InputError(
                "job \(job.id)", expected: "a shard below \(job.shards)", found: "\(shard)", kind: .usage)
        }
        // What has just happened is not in the store yet.
        let recent = pending.story.filter { $0.job == job.id && $0.shard == shard }.map(\.line)
        return try Array((store.story(of: job, shard: shard, limit: WireLimits.rows) + recent).prefix(WireLimits.rows))
    }

    private func detail(of job: StoredJob) throws -> JobDetail {
        let quarantined = try store.quarantined(of: job, limit: WireLimits.listedShards)
        let outcomes = try store.verifications(of: job)
        return JobDetail(
            summary: summary(of: job, done: try store.done(of: job.id)[job.id], quarantined: quarantined.count),
            quarantined: quarantined.shards,
            verification: VerificationCount(
                wanted: running[job.id]?.verifiedCount ?? job.verified ?? outcomes.values.reduce(0, +),
                agreed: outcomes[.agreed] ?? 0, disagreed: outcomes[.disagreed] ?? 0, skipped: outcomes[.skipped] ?? 0,
                voices: try store.verifierCount(of: job)),
            numberSystem: job.numberSystem ?? running[job.id]?.job.numberSystem,
            workers: workers { $0.held.contains { $0.job == job.id } || $0.unfit[job.id] != nil })
    }

    private func find(_ id: JobID) throws -> StoredJob { try archive.find(id) }

    private func summary(of job: StoredJob, done: JobStore.Done?, quarantined: Int) -> JobSummary {
        JobSummary(
            id: job.id, name: job.name, state: job.state, shardsDone: done?.shards ?? 0, shardsTotal: job.shards,
            tokensDone: done?.tokens ?? 0, tokensTotal: job.tokens, quarantined: quarantined,
            error: job.error, submitted: job.submitted)
    }

    private func workers(where isWanted: (Scheduler.WorkerStatus) -> Bool) -> [WorkerSummary] {
        scheduler.workerStatus(at: now).filter(isWanted).prefix(WireLimits.rows).compactMap(summary)
    }

    func summary(of status: Scheduler.WorkerStatus) -> WorkerSummary? {
        connections[status.worker].map {
            WorkerSummary(
                name: $0.name, host: $0.hello.host, numberSystem: $0.hello.numberSystem, state: status.state,
                leases: status.held.count, running: status.running,
                unfit: status.unfit.sorted { $0.key < $1.key }.prefix(WireLimits.tasks).map {
                    .init(job: $0.key, error: $0.value)
                })
        }
    }
}
