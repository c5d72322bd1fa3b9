import Compute
import Foundation
import Inputs
import Logging
import Wire
import Work

/// A coordinator in this process and worker processes of the same executable, for one job: the same code path as on a
/// cluster, with nothing to set up.
///
/// The state folder stands next to the output until the bundle is in its place, so that a run that was interrupted goes
/// on when it is started again with the same job and output.
public final class LocalCluster {
    /// What to run and with what.
    public struct Order: Sendable {
        public var source: JobSource
        /// The job's kind and name.
        public var label: JobLabel
        /// The bundle's folder, which must not exist yet.
        public var output: String
        public var workers: Int
        public var threadsPerWorker: Int
        public var memoryPerWorker: MemorySize
        public var modelRoots: [String]
        /// The program that the workers run, as `worker` with the options in `workerArguments`.
        public var executable = "/proc/self/exe"
        /// Takes the lines that workers write to standard error, on any thread; nil to leave that where it is.
        public var relay: (@Sendable (String) -> Void)?

        /// Makes an order.
        public init(
            source: JobSource, label: JobLabel, output: String, workers: Int, threadsPerWorker: Int,
            memoryPerWorker: MemorySize,
            modelRoots: [String]
        ) {
            self.source = source
            self.label = label
            self.output = output
            self.workers = workers
            self.threadsPerWorker = threadsPerWorker
            self.memoryPerWorker = memoryPerWorker
            self.modelRoots = modelRoots
        }
    }

    enum Event: Sendable {
        case exited(WorkerProcess.Exit, worker: Int)
        case interrupted
        case jobEnded
    }

    /// Worker processes that may die before the run is given up, for each worker that was asked for.
    private static let restartsPerWorker = 3
    /// Results that may fail to be stored before the run is given up.
    private static let mostStoreFailures = 3.0
    /// How often progress is told.
    private static let watchInterval = Duration.seconds(1)

    private let order: Order
    private let state: String
    private let coordinator: CoordinatorService
    private let mailbox: Mailbox<Event>
    private let logger: Logger
    /// By their number, 0 ..< `order.workers`; one that takes another's place has its number.
    private var workers: [Int: WorkerProcess] = [:]
    /// Processors of each worker; empty if they cannot be divided evenly.
    private let processors: [ProcessorSet]
    private var restartsLeft: Int
    private let earlier: Earlier

    /// What earlier runs with the same output left in the state folder.
    private struct Earlier {
        /// The job that is ordered now, if it was interrupted.
        var sameJob: JobID?
        /// Whether that job's bundle is in its place: all that was left to do is to clear the state away.
        var isInPlace = false
        /// Unfinished jobs that are not this job.
        var others: [JobID] = []
        /// Why what they computed is of no use.
        var remarks: [String] = []
    }

    /// Starts the coordinator. Throws `InputError` for an output that exists or cannot be made. An output that an interrupted
    /// run of this very job has put there is no obstacle.
    public init(_ order: Order, parts: CoordinatorService.Parts) throws {
        self.order = order
        logger = parts.logger
        state = order.output + ".actdiff-state"
        restartsLeft = Self.restartsPerWorker * order.workers
        processors = ProcessorSet.ofThisThread()?.slices(order.workers, of: order.threadsPerWorker) ?? []
        earlier = try Self.earlier(state, order, parts)
        if !earlier.isInPlace { try NewFolder.checkPlace(order.output) }
        for remark in earlier.remarks { logger.warning("\(remark)") }
        var config = CoordinatorConfig(state: state)
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        // The workers of an earlier run ended with it.
        config.graceSeconds = 0
        config.dropsForeignResults = true
        // Nobody else comes to a run on one machine.
        config.verifySeconds = 0
        let mailbox = try Mailbox<Event>()
        self.mailbox = mailbox
        var parts = parts
        // The command ends with the job's error, which is the same text.
        parts.failureLevel = .debug
        parts.jobEnded = { _ in mailbox.post(.jobEnded) }
        coordinator = try CoordinatorService(config, parts: parts)
    }

    /// Where workers can connect besides those that it starts.
    public var endpoints: Endpoints { coordinator.endpoints }

    /// Makes `run` end soon, from any thread or signal source; the next run goes on from there.
    public var interrupt: @Sendable () -> Void {
        { [mailbox] in mailbox.post(.interrupted) }
    }

    /// Runs the job and puts its bundle in place; tells of the job's progress every second.
    ///
    /// Throws the job's own `InputError`, one of kind `temporary` when it was interrupted or the workers kept dying.
    public func run(_ progress: (JobSummary) -> Void) throws -> JobDetail {
        defer { stop() }
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        for other in earlier.others { try client.cancel(other) }
        let job = try earlier.sameJob ?? client.submit(order.source, as: order.label)
        if earlier.sameJob != nil {
            logger.info("going on where an earlier run was interrupted", metadata: ["job": "\(job)"])
        }
        let detail = try earlier.isInPlace ? client.show(job) : compute(job, client, progress)
        let end = detail.summary
        stop()
        // A job that has ended needs no state to go on from.
        NewFolder.discard(state)
        if let error = end.error { throw error }
        guard end.state.hasBundle else {
            throw InputError("job \(job)", expected: "to end by itself", found: "it was cancelled", kind: .temporary)
        }
        return detail
    }

    /// Has the job computed and puts its bundle in place.
    private func compute(
        _ job: JobID, _ client: CoordinatorClient, _ progress: (JobSummary) -> Void
    ) throws -> JobDetail {
        for index in 0..<order.workers { try startWorker(index, showsMemory: index == 0) }
        let detail = try watch(job, client, progress)
        if detail.summary.state.hasBundle { try client.fetchBundle(of: job, to: order.output) }
        return detail
    }

    private func watch(
        _ job: JobID, _ client: CoordinatorClient, _ progress: (JobSummary) -> Void
    ) throws -> JobDetail {
        while true {
            let detail = try client.show(job)
            let summary = detail.summary
            progress(summary)
            guard summary.state == .planning || summary.state == .running else { return detail }
            try refuseUnfitWorkers(detail)
            guard coordinator.metrics.storeFailures.value < Self.mostStoreFailures else {
                throw InputError(
                    state, expected: "to store results and the bundle", found: "that it cannot be done (see above)",
                    hint: "mend that and run the same command again to go on", kind: .temporary)
            }
            for event in mailbox.takeAll(waiting: Self.watchInterval) {
                switch event {
                // The next look at the job tells how it ended.
                case .jobEnded: break
                case .exited(let exit, let worker): try replace(worker, exit)
                case .interrupted:
                    throw InputError(
                        order.output, expected: "to finish", found: "an interruption",
                        hint: "run the same command again to go on; what is computed so far is in \(state)",
                        kind: .temporary)
                }
            }
        }
    }

    /// Ends a run whose workers cannot do the job: on a cluster the job would wait for others, here none will come.
    private func refuseUnfitWorkers(_ detail: JobDetail) throws {
        let reasons = detail.workers.compactMap { worker in
            worker.unfit.first { $0.job == detail.summary.id }?.error
        }
        guard reasons.count >= order.workers, let error = reasons.first else { return }
        stop()
        if detail.summary.shardsDone == 0 {
            // There is nothing that the next run could go on with.
            NewFolder.discard(state)
        }
        throw error
    }

    /// A worker process ended although nobody told it to.
    private func replace(_ index: Int, _ exit: WorkerProcess.Exit) throws {
        workers[index] = nil
        coordinator.workerDied(processID: exit.processID)
        logger.warning("a worker ended", metadata: ["pid": "\(exit.processID)", "how": "\(exit)"])
        if exit.isHopeless || restartsLeft == 0 {
            throw InputError(
                "worker process \(exit.processID)", expected: "to work until the job is done", found: "\(exit)",
                hint: "its own messages stand above; run the same command again to go on", kind: exit.kind)
        }
        restartsLeft -= 1
        try startWorker(index, showsMemory: false)
    }

    /// All workers have the same memory and plan its use alike: one of them says how.
    private func startWorker(_ index: Int, showsMemory: Bool) throws {
        let arguments = workerArguments + (showsMemory ? ["--show-memory-plan"] : [])
        workers[index] = try WorkerProcess(
            order.executable, arguments, processors: processors.isEmpty ? nil : processors[index], relay: order.relay
        ) { [mailbox] in mailbox.post(.exited($0, worker: index)) }
    }

    /// The command line of a worker process.
    var workerArguments: [String] {
        ["worker", "--connect", endpoints.control, "--data", endpoints.data, "--threads", "\(order.threadsPerWorker)"]
            + ["--memory", "\(order.memoryPerWorker)"]
            + order.modelRoots.flatMap { ["--model-root", $0] } + ["--until-stdin-closes"]
    }

    private func stop() {
        for worker in workers.values { worker.closeInput() }
        for worker in workers.values { worker.waitOrKill() }
        workers = [:]
        coordinator.stop()
    }

    private static func earlier(_ state: String, _ order: Order, _ parts: CoordinatorService.Parts) throws -> Earlier {
        guard FileManager.default.fileExists(atPath: state) else { return Earlier() }
        let folder = try StateFolder(state)
        defer { folder.unlock() }
        let store = try JobStore(folder)
        defer { store.close() }
        let jobs = try store.jobs().filter { $0.state != .failed && $0.state != .cancelled }
        var earlier = Earlier()
        for job in jobs.reversed() where earlier.sameJob == nil {
            if job.state.hasBundle, !isBundle(folder.bundle(of: job.id.text), of: job) {
                earlier.remarks.append("what an earlier run left is damaged: all is computed anew")
            } else if let remark = try reasonToDrop(job, in: store, order, parts) {
                earlier.remarks.append(remark)
            } else {
                earlier.sameJob = job.id
                earlier.isInPlace = job.state.hasBundle && isBundle(order.output, of: job)
            }
        }
        earlier.others = jobs.filter { !$0.state.hasBundle && $0.id != earlier.sameJob }.map(\.id)
        return earlier
    }

    /// Whether a folder holds the job's bundle, file by file.
    private static func isBundle(_ folder: String, of job: StoredJob) -> Bool {
        // What cannot be read is not the bundle, whatever the reason.
        guard let files = job.files, let found = try? Bundle(folder: folder).files() else { return false }
        return found == files.sorted { $0.name < $1.name }
    }

    /// Why a job of an earlier run is not the one that is ordered now; nil for the same job file, where a new plan from today's
    /// inputs is equal. Shards of other inputs, or of another build, are never mixed in.
    private static func reasonToDrop(
        _ job: StoredJob, in store: JobStore, _ order: Order, _ parts: CoordinatorService.Parts
    ) throws -> String? {
        guard job.source.specText == order.source.specText, job.source.folder == order.source.folder else {
            return "what an earlier run computed for another job file is dropped"
        }
        guard job.isPlanned else { return nil }
        let stored = try store.plannedWork(of: job)
        let plan = try parts.runner.plan(order.source, as: order.label, until: StopSignal())
        let isSame = job.build == parts.build && plan.task == stored.task && plan.record == stored.record
        return isSame ? nil : "inputs, or actdiff itself, have changed since the earlier run: all is computed anew"
    }
}
