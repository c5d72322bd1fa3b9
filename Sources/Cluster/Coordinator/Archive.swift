import Dispatch
import Inputs
import Wire

/// Answers from the store and the bundles alone, on a queue of its own, so that the deciding thread reads no files.
final class Archive: Sendable {
    private let store: JobStore
    private let folder: StateFolder
    let queue = DispatchQueue(label: "actdiff.archive")

    init(store: JobStore, folder: StateFolder) {
        self.store = store
        self.folder = folder
    }

    /// Whether the archive answers this request.
    static func answers(_ request: OperatorRequest) -> Bool {
        switch request {
        case .list, .bundleFiles, .fetch: true
        case .submit, .show, .cancel, .retry, .remove, .prune, .story, .workers: false
        }
    }

    /// Answers a request on the queue; `done` runs there.
    func reply(to request: OperatorRequest, done: @escaping @Sendable (OperatorReply) -> Void) {
        queue.async { [self] in
            do {
                done(try reply(to: request))
            } catch {
                done(
                    .failure(
                        error as? InputError ?? InputError("the coordinator", expected: "an answer", found: "\(error)"))
                )
            }
        }
    }

    /// Answers a request here and now.
    func reply(to request: OperatorRequest) throws -> OperatorReply {
        switch request {
        case .list: return .jobs(try store.list(limit: WireLimits.rows).map(JobSummary.init))
        case .bundleFiles(let id): return .files(try files(of: find(id)))
        case .fetch(let id, let name, let offset):
            guard let file = try files(of: find(id)).first(where: { $0.name == name }) else {
                throw InputError("job \(id)", expected: "one of its bundle's files", found: name, kind: .usage)
            }
            let bundle = Bundle(folder: folder.bundle(of: id.text))
            return .bytes(try bundle.slice(of: file, from: offset), total: file.size)
        case .submit, .show, .cancel, .retry, .remove, .prune, .story, .workers:
            throw InputError("the archive", expected: "a question about jobs that are stored", found: "\(request)")
        }
    }

    /// A job; throws `InputError` where there is none.
    func find(_ id: JobID) throws -> StoredJob {
        guard let job = try store.job(id) else {
            throw InputError(
                "job \(id)", expected: "a job of this coordinator", found: "no such job",
                hint: "actdiff jobs lists them", kind: .usage)
        }
        return job
    }

    private func files(of job: StoredJob) throws -> [BundleFile] {
        if let error = job.error { throw error }
        guard let files = job.files, job.state.hasBundle else {
            throw InputError(
                "job \(job.id)", expected: "a job that is done", found: "one that is \(job.state.rawValue)",
                kind: .temporary)
        }
        return files
    }
}
