import Cluster
import Foundation
import Inputs
import Logging
import TestSupport
import Testing
import TokenCounts
import Wire
import Work

/// A coordinator that knows the kind, its state folder, and whoever connects to it.
final class CountingCluster {
    static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    static let kind = TokenCountsKind(digests: DigestCache(at: "/dev/null/digests.json"), version: "0")

    let folder: TemporaryFolder
    private(set) var coordinator: CoordinatorService
    private(set) var client: CoordinatorClient
    private let ended: Mailbox<JobID>
    /// Their folders are there until all is over.
    private var jobs: [CountingJob] = []

    /// Starts a coordinator.
    init() throws {
        folder = try TemporaryFolder()
        ended = try Mailbox()
        (coordinator, client) = try Self.start(folder, ended, Endpoints(control: Self.any, data: Self.any))
    }

    deinit { coordinator.stop() }

    private static let any = "tcp://127.0.0.1:*"

    private static func start(
        _ folder: TemporaryFolder, _ ended: Mailbox<JobID>, _ endpoints: Endpoints
    ) throws -> (CoordinatorService, CoordinatorClient) {
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = endpoints
        var parts = CoordinatorService.Parts(kinds: WorkKinds([kind]), build: "test", logger: quiet)
        parts.jobEnded = { ended.post($0) }
        let coordinator = try CoordinatorService(config, parts: parts)
        return (coordinator, try CoordinatorClient(endpoint: coordinator.endpoints.control))
    }

    /// Another coordinator on the same state folder and endpoints, after this one has ended.
    func restart() throws {
        coordinator.stop()
        (coordinator, client) = try Self.start(folder, ended, coordinator.endpoints)
    }

    /// A worker in this process; `before` is called before each shard, and may throw instead.
    func worker(before: @escaping @Sendable (WorkShard) throws -> Void = { _ in }) throws -> WorkerService {
        let place = WorkerPlace(
            roots: try ModelRoots([]), digests: DigestCache(at: "/dev/null/digests.json"), threads: 1,
            memory: 1 << 30)
        let kind = WrappedKind(Self.kind) { own, shard, progress in
            try before(shard)
            return try own.evaluate(shard, progress: progress)
        }
        return try WorkerService(
            connect: coordinator.endpoints,
            parts: .init(
                kinds: WorkKinds([kind]), place: place, build: "test",
                numberSystem: "integers", logger: Self.quiet))
    }

    /// The command line of a worker process.
    var workerArguments: [String] {
        let endpoints = coordinator.endpoints
        return ["worker", "--connect", endpoints.control, "--data", endpoints.data, "--until-stdin-closes"]
    }

    /// Gives the job to the coordinator.
    func submit(_ job: CountingJob) throws -> JobID {
        jobs.append(job)
        return try client.submit(job.source, as: WorkKinds([Self.kind]).label(of: job.source))
    }

    /// Waits until the job has ended.
    func end(of job: JobID) throws -> JobDetail {
        while true {
            let detail = try client.show(job)
            guard detail.summary.state == .planning || detail.summary.state == .running else { return detail }
            _ = ended.takeAll(waiting: .seconds(1))
        }
    }

    /// The job's bundle, by file name.
    func bundle(of job: JobID) throws -> [String: Data] {
        let target = "\(folder.path)/\(job)-\(UUID().uuidString)"
        try client.fetchBundle(of: job, to: target)
        return try files(target)
    }

    /// What an undisturbed cluster of one worker makes of a job.
    static func undisturbed(_ job: CountingJob) throws -> [String: Data] {
        let cluster = try CountingCluster()
        let worker = try cluster.worker()
        defer { worker.vanish() }
        let id = try cluster.submit(job)
        #expect(try cluster.end(of: id).summary.state == .done)
        return try cluster.bundle(of: id)
    }
}
