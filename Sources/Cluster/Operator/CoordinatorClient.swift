import Foundation
import Inputs
import Wire
import Work

/// What the command line asks of a coordinator, in Swift's types. Every method blocks until the answer is there, and
/// throws the coordinator's own `InputError`, or one of kind `unreachable` where none answers.
public final class CoordinatorClient {
    private let requests: RequestClient
    private let endpoint: String
    private let timeout: Duration
    /// Called, on a queue, when the first answer does not come within a second.
    public var onWait: (@Sendable () -> Void)?

    /// Begins to connect to a coordinator's control endpoint; without keys it must be on loopback.
    public init(endpoint: String, keys: ClientKeys? = nil, timeout: Duration = .seconds(10)) throws {
        self.endpoint = endpoint
        self.timeout = timeout
        requests = try RequestClient(endpoint: endpoint, keys: keys)
    }

    /// Starts a job.
    public func submit(_ source: JobSource, as label: JobLabel) throws -> JobID {
        let request = OperatorRequest.submit(
            ticket: .random(), kind: label.kind, name: label.name, specText: source.specText, specFile: source.specFile,
            folder: source.folder)
        // The ticket makes sure that asking again, where no answer came, starts no second job.
        let reply: OperatorReply
        do {
            reply = try ask(request)
        } catch let error as InputError where error.kind == .unreachable {
            reply = try ask(request)
        }
        guard case .submitted(let id) = reply else { throw surprise(reply) }
        return id
    }

    /// All jobs in the order of submission.
    public func jobs() throws -> [JobSummary] {
        let reply = try ask(.list)
        guard case .jobs(let jobs) = reply else { throw surprise(reply) }
        return jobs
    }

    /// A job and who works on it.
    public func show(_ id: JobID) throws -> JobDetail {
        let reply = try ask(.show(id))
        guard case .job(let detail) = reply else { throw surprise(reply) }
        return detail
    }

    /// Calls a job off.
    public func cancel(_ id: JobID) throws {
        let reply = try ask(.cancel(id))
        guard case .cancelled = reply else { throw surprise(reply) }
    }

    /// Has what a partial or failed job lacks computed; returns the number of shards, nil where it is planned anew.
    public func retry(_ id: JobID) throws -> Int? {
        let reply = try ask(.retry(id))
        guard case .retrying(let shards) = reply else { throw surprise(reply) }
        return shards
    }

    /// Removes a job that has ended, with its bundle and all else of it.
    public func remove(_ id: JobID) throws {
        let reply = try ask(.remove(id))
        guard case .removed = reply else { throw surprise(reply) }
    }

    /// Removes all jobs that ended longer ago, or only tells which these are. `body` is called with some at a time.
    public func prune(olderThan age: Age, isTrial: Bool, _ body: ([JobSummary]) throws -> Void) throws {
        while true {
            let reply = try ask(.prune(olderThan: age.seconds, isTrial: isTrial))
            guard case .jobs(let jobs) = reply else { throw surprise(reply) }
            try body(jobs)
            if isTrial || jobs.count < WireLimits.rows { return }
        }
    }

    /// What happened to a shard, in order.
    public func story(of id: JobID, shard: Int) throws -> [StoryLine] {
        let reply = try ask(.story(id, shard: shard))
        guard case .story(let lines) = reply else { throw surprise(reply) }
        return lines
    }

    /// All workers that the coordinator knows.
    public func workers() throws -> [WorkerSummary] {
        let reply = try ask(.workers)
        guard case .workers(let workers) = reply else { throw surprise(reply) }
        return workers
    }

    /// Copies a finished job's bundle into a folder that does not exist yet. The folder appears whole, with every size
    /// and digest checked and everything on disk, or not at all.
    public func fetchBundle(of id: JobID, to folder: String) throws {
        let incoming = try IncomingBundle(folder)
        let reply = try ask(.bundleFiles(id))
        guard case .files(let files) = reply else { throw surprise(reply) }
        try incoming.checkRoom(for: files)
        for file in files {
            try incoming.write(file) { offset in
                let reply = try ask(.fetch(id, file: file.name, offset: offset))
                guard case .bytes(let bytes, file.size) = reply else { throw surprise(reply) }
                return bytes
            }
        }
        try incoming.finish()
    }

    private func ask(_ request: OperatorRequest) throws -> OperatorReply {
        let wait = onWait.map { DispatchWorkItem(block: $0) }
        if let wait { DispatchQueue.global().asyncAfter(deadline: .now() + 1, execute: wait) }
        // Said once: whoever has been answered before knows where the coordinator is.
        onWait = nil
        defer { wait?.cancel() }
        return try requests.request(request, timeout: timeout)
    }

    private func surprise(_ reply: OperatorReply) -> InputError {
        InputError(
            endpoint, expected: "an answer to what was asked", found: "\(reply)".prefix(200).description,
            hint: "run the same release of actdiff everywhere", kind: .configuration)
    }
}
