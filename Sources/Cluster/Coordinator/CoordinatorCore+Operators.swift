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
        case .submit(let text, let file, let folder):
            return try submit(JobSource(specText: text, specFile: file, folder: folder))
        case .list:
            let done = try store.done()
            return .jobs(try store.jobs().suffix(WireLimits.rows).map { summary(of: $0, done: done[$0.id]) })
        case .show(let id):
            let job = try find(id)
            let summary = summary(of: job, done: try store.done(of: id)[id])
            return .job(JobDetail(summary: summary, workers: workers(on: id)))
        case .cancel(let id):
            return try cancel(find(id))
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

    private func submit(_ source: JobSource) throws -> OperatorReply {
        guard source.folder.hasPrefix("/") else {
            throw InputError("folder", expected: "an absolute path", found: source.folder, kind: .usage)
        }
        let name = try workshop.name(of: source)
        let job = try store.submit(source, name: name, at: Int(Date().timeIntervalSince1970))
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
        logger.info("cancelled", metadata: ["job": "\(job.id)"])
        workshop.forget(job.id)
        perform(scheduler.cancel(job.id, at: now))
        return .cancelled
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
        guard let files = job.files else {
            throw InputError(
                "job \(job.id)", expected: "a job that is done", found: "one that is \(job.state.rawValue)",
                kind: .temporary)
        }
        return files
    }

    private func summary(of job: StoredJob, done: JobStore.Done?) -> JobSummary {
        JobSummary(
            id: job.id, name: job.name, state: job.state, shardsDone: done?.shards ?? 0, shardsTotal: job.shards,
            tokensDone: done?.tokens ?? 0, tokensTotal: job.tokens, error: job.error, submitted: job.submitted)
    }

    private func workers(on job: JobID) -> [WorkerSummary] {
        scheduler.workers(on: job).compactMap { instance, shard in
            connections[instance].map {
                WorkerSummary(
                    name: $0.name, host: $0.hello.host, instructionSet: $0.hello.instructionSet, state: .alive,
                    shard: shard)
            }
        }
    }
}
