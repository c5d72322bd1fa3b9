import Cluster
import Compute
import Exemplars
import Foundation
import Inputs
import Latents
import Logging
import Prompts
import TestSupport
import Wire
import Work

/// A job from its file to its bundle on the way that every job goes: planned, leased, computed, sent, stored, folded and
/// fetched, by a coordinator and a worker in this process.
struct BundleRun {
    /// How the job ended.
    let end: JobSummary
    /// Holds the bundle at `bundle`.
    private let folder: TemporaryFolder
    var bundle: String { folder.path + "/bundle" }

    /// Runs a job whose paths are relative to `models`. A shard in `failing` fails wherever it is computed.
    ///
    /// The bundle names neither machine nor folder: paths stand in it as they are written in the job file, and the
    /// version is a fixed one.
    init(_ yaml: String, models: String, failing: Set<Int> = [], workers: Int = 1) throws {
        folder = try TemporaryFolder()
        let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let digests = DigestCache(at: folder.path + "/digests.json")
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        let ended = try Mailbox<JobID>()
        @Sendable func evaluate(_ own: any WorkEvaluator, _ shard: WorkShard, _ progress: ComputeProgress) throws
            -> [UInt8]
        {
            guard !failing.contains(shard.index) else {
                throw InputError("shard \(shard.index)", expected: "numbers", found: "none", hint: "look again")
            }
            return try own.evaluate(shard, progress: progress)
        }
        let kinds = WorkKinds([
            WrappedKind(LatentsKind(digests: digests, version: "0"), evaluate: evaluate),
            WrappedKind(ExemplarsKind(digests: digests, version: "0"), evaluate: evaluate),
        ])
        var parts = CoordinatorService.Parts(kinds: kinds, build: "test", logger: quiet)
        parts.jobEnded = { ended.post($0) }
        let coordinator = try CoordinatorService(config, parts: parts)
        defer { coordinator.stop() }
        let place = WorkerPlace(roots: try ModelRoots([models]), digests: digests, threads: 2, memory: 1 << 30)
        let workers = try (0..<workers).map { _ in
            try WorkerService(
                connect: coordinator.endpoints,
                parts: .init(
                    kinds: kinds, place: place, build: "test", numberSystem: ProcessorKernels.numberSystem,
                    logger: quiet))
        }
        defer { for worker in workers { worker.vanish() } }

        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let source = JobSource(specText: yaml, specFile: "job.yaml", folder: models)
        let job = try client.submit(source, as: kinds.label(of: source))
        var summary = try client.show(job).summary
        while summary.state == .planning || summary.state == .running {
            _ = ended.takeAll(waiting: .seconds(1))
            summary = try client.show(job).summary
        }
        end = summary
        if end.state == .done || end.state == .partial { try client.fetchBundle(of: job, to: bundle) }
    }

    /// SHA-256 of every file by name.
    func digests() throws -> [String: String] {
        let names = try FileManager.default.contentsOfDirectory(atPath: bundle)
        return try Dictionary(
            uniqueKeysWithValues: names.map { name in
                let data = try Data(contentsOf: URL(fileURLWithPath: "\(bundle)/\(name)"))
                return (name, "\(Digest(of: Array(data)))")
            })
    }
}
