import Foundation
import Inputs
import Wire

extension CoordinatorCore {
    /// Answers an operator.
    func answer(_ request: OperatorRequest, id: UInt64, to peer: PeerID) {
        let reply: OperatorReply
        do {
            reply = try self.reply(to: request)
        } catch {
            reply = .failure(
                error as? InputError ?? InputError("the coordinator", expected: "an answer", found: "\(error)"))
        }
        send(.reply(id: id, reply), to: peer)
    }

    private func reply(to request: OperatorRequest) throws -> OperatorReply {
        switch request {
        case .submit(let ticket, let text, let file, let folder):
            return try submit(JobSource(specText: text, specFile: file, folder: folder), ticket)
        case .list:
            let done = try store.done()
            let jobs = try store.jobs().suffix(WireLimits.rows)
            return .jobs(
                try jobs.map { job in
                    let quarantined = job.mayLackShards ? try store.quarantined(of: job, limit: 0).count : 0
                    return summary(of: job, done: done[job.id], quarantined: quarantined)
                })
        case .show(let id): return .job(try detail(of: find(id)))
        case .cancel(let id): return try cancel(find(id))
        case .retry(let id): return try retry(find(id))
        case .story(let id, let shard): return .story(try story(of: find(id), shard))
        case .workers: return .workers(workers { _ in true })
        case .bundleFiles(let id):
            return .files(try files(of: find(id)))
        case .fetch(let id, let name, let offset):
            guard let file = try files(of: find(id)).first(where: { $0.name == name }) else {
                throw InputError("job \(id)", expected: "one of its bundle's files", found: name, kind: .usage)
            }
            let bundle = Bundle(folder: folder.bundle(of: id.text))
            return .bytes(try bundle.slice(of: file, from: offset), total: file.size)
        }
    }

    private func submit(_ source: JobSource, _ ticket: InstanceID) throws -> OperatorReply {
        guard source.folder.hasPrefix("/") else {
            throw InputError("folder", expected: "an absolute path", found: source.folder, kind: .usage)
        }
        let name = try workshop.name(of: source)
        let job = try store.submit(source, name: name, ticket: ticket, at: Int(Date().timeIntervalSince1970))
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
        guard job.state == .partial else {
            throw InputError(
                "job \(job.id)", expected: "a partial job", found: "one that is \(job.state.rawValue)",
                hint: "only quarantined shards can be tried again", kind: .usage)
        }
        let shards = try store.retry(job)
        guard let job = try store.job(job.id) else { return .retrying(shards: shards) }
        logger.info("tried again", metadata: ["job": "\(job.id)", "shards": "\(shards)"])
        try schedule(job)
        return .retrying(shards: shards)
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
                wanted: job.task == nil ? 0 : try workshop.verifiedShards(of: job).count,
                agreed: outcomes[.agreed] ?? 0, disagreed: outcomes[.disagreed] ?? 0, skipped: outcomes[.skipped] ?? 0),
            workers: workers { $0.contains { $0.job == job.id } })
    }

    private func find(_ id: JobID) throws -> StoredJob {
        guard let job = try store.job(id) else {
            throw InputError(
                "job \(id)", expected: "a job of this coordinator", found: "no such job",
                hint: "actdiff jobs lists them", kind: .usage)
        }
        return job
    }

    private func files(of job: StoredJob) throws -> [BundleFile] {
        if let error = job.error { throw error }
        guard let files = job.files, job.state == .done || job.state == .partial else {
            throw InputError(
                "job \(job.id)", expected: "a job that is done", found: "one that is \(job.state.rawValue)",
                kind: .temporary)
        }
        return files
    }

    private func summary(of job: StoredJob, done: JobStore.Done?, quarantined: Int) -> JobSummary {
        JobSummary(
            id: job.id, name: job.name, state: job.state, shardsDone: done?.shards ?? 0, shardsTotal: job.shards,
            tokensDone: done?.tokens ?? 0, tokensTotal: job.tokens, quarantined: quarantined,
            error: job.error, submitted: job.submitted)
    }

    /// The workers whose leases are wanted.
    private func workers(where isWanted: (Set<LeaseID>) -> Bool) -> [WorkerSummary] {
        scheduler.workerStatus(at: now).filter { isWanted($0.held) }.prefix(WireLimits.rows).compactMap(summary)
    }

    func summary(of status: Scheduler.WorkerStatus) -> WorkerSummary? {
        connections[status.worker].map {
            WorkerSummary(
                name: $0.name, host: $0.hello.host, instructionSet: $0.hello.instructionSet, state: status.state,
                leases: status.held.count, running: status.running)
        }
    }
}

extension StoredJob {
    /// Whether shards of it may have been given up.
    fileprivate var mayLackShards: Bool { state == .running || state == .partial }
}
