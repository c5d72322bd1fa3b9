import Dispatch
import Foundation
import Inputs
import Logging
import Synchronization
import Wire
import Work

/// Planning and folding, which may take minutes, away from the coordinator's own thread. All methods return at once. No job
/// waits for another: each is planned and folded by a `WorkRunner` of its own, and in its own time.
///
/// A job is folded while it runs, as far as its shards are committed without a gap. That only saves time: `finish` holds
/// what was folded against the store and folds from the start where they differ.
final class JobWorkshop: Sendable {
    /// How the workshop goes about its work.
    struct Policy: Sendable {
        /// Least time between two snapshots of a fold.
        var betweenSnapshots = Duration.seconds(30)
        /// A fold with more state than this makes no snapshots: folding again is quicker than writing it.
        var mostSnapshotBytes = 256 << 20
        /// Shards that are looked up at once.
        var shardsAtOnce = 64
        /// Jobs that are planned at a time.
        var mostPlans = 8
        /// Jobs that are folded while they still run. Others are folded at their end.
        var mostEarlyFolds = 4
        /// How long to wait before trying again what failed for want of something.
        var beforeTryingAgain = Duration.seconds(30)
    }

    /// What is known of folds between two steps. A step takes its session out and puts it back.
    struct Folds {
        var sessions: [JobID: FoldSession] = [:]
        /// Jobs with a step waiting in the queue.
        var waiting: Set<JobID> = []
        /// Jobs whose fold met a problem that is decided at their end.
        var stalled: Set<JobID> = []
        /// The latest order to finish each job; retries of older orders lapse.
        var orders: [JobID: UUID] = [:]
        /// What is done for a job is done one after the other.
        var queues: [JobID: DispatchQueue] = [:]
        /// What ends a plan or fold that nobody wants any more.
        var stops: [JobID: StopSignal] = [:]
        /// Jobs whose fold is open.
        var open: Set<JobID> = []
    }

    let store: JobStore
    let kinds: WorkKinds
    let runner: any WorkRunner
    /// The program's own, which plans are made by.
    private let build: String
    let folder: StateFolder
    let logger: Logger
    /// Called whenever a fold has to be tried again.
    let foldDelayed: @Sendable () -> Void
    let policy: Policy
    let folds = Mutex(Folds())
    private let planning = OperationQueue()
    /// Where the jobs' own queues run.
    let jobs = DispatchQueue(label: "actdiff.jobs", attributes: .concurrent)
    /// Serial: what removed jobs leave behind is cleared away.
    let clearing = DispatchQueue(label: "actdiff.clearing")

    init(
        store: JobStore, kinds: WorkKinds, runner: any WorkRunner, build: String, folder: StateFolder, logger: Logger,
        policy: Policy = Policy(), foldDelayed: @escaping @Sendable () -> Void = {}
    ) {
        self.store = store
        self.kinds = kinds
        self.runner = runner
        self.build = build
        self.folder = folder
        self.logger = logger
        self.policy = policy
        self.foldDelayed = foldDelayed
        planning.maxConcurrentOperationCount = policy.mostPlans
        sweep()
        clear()
    }

    /// The kind of a stored job.
    func kind(of job: StoredJob) throws -> any WorkKind {
        try kinds.kind(job.kind, place: "job \(job.id)")
    }

    /// Plans a job and stores the plan, or what is wrong with the job; `done` then runs on a queue.
    func plan(_ job: StoredJob, done: @escaping @Sendable () -> Void) {
        let stop = newStop(for: job.id)
        planning.addOperation { [self] in
            do {
                try stop.check()
                try refuseToDieAgain(job)
                let label = JobLabel(kind: job.kind, name: job.name)
                let plan = try runner.plan(job.source, as: label, until: stop)
                try check(plan)
                save(plan, of: job, done: done)
            } catch {
                // Called off, or left to the next coordinator.
                if stop.isStopped { return done() }
                fail(job, error, during: "planning", on: jobs, done: done)
            }
        }
    }

    /// A job that has twice ended the coordinator itself is not planned a third time.
    private func refuseToDieAgain(_ job: StoredJob) throws {
        let before = try store.notePlanning(job)
        guard before < 2 else {
            throw InputError(
                "planning \(job.source.specFile)", expected: "to come to an end",
                found: "\(before) coordinators that died of it",
                hint: "if they died of something else, then: actdiff retry \(job.id)")
        }
    }

    /// What ends the job's next plan or fold.
    func newStop(for job: JobID) -> StopSignal {
        let stop = StopSignal()
        folds.withLock { $0.stops[job] = stop }
        return stop
    }

    /// The queue of a job.
    func queue(of job: JobID) -> DispatchQueue {
        folds.withLock { folds in
            let queue = folds.queues[job] ?? DispatchQueue(label: "actdiff.job", target: jobs)
            folds.queues[job] = queue
            return queue
        }
    }

    private func save(_ plan: WorkPlan, of job: StoredJob, done: @escaping @Sendable () -> Void) {
        do {
            _ = try store.savePlan(plan, build: build, of: job)
            done()
        } catch {
            logger.error("a plan could not be stored yet", metadata: ["job": "\(job.id)", "error": "\(error)"])
            again(on: jobs) { $0.save(plan, of: job, done: done) }
        }
    }

    /// Drops what was folded of a job and stores why it cannot go on, however long that takes.
    func fail(_ job: StoredJob, _ error: InputError) {
        forget(job.id)
        queue(of: job.id).async { [self] in fail(job, error, during: "the job", on: jobs) {} }
    }

    /// Stores why a job cannot go on; `done` runs when that is stored.
    func fail(
        _ job: StoredJob, _ error: any Error, during step: String, on queue: DispatchQueue,
        done: @escaping @Sendable () -> Void
    ) {
        let error =
            error as? InputError
            ?? InputError("job \(job.id)", expected: "\(step) to succeed", found: "\(error)")
        do {
            try store.fail(job, error)
            done()
        } catch let refusal {
            logger.critical(
                "a job's failure could not be stored yet",
                metadata: ["job": "\(job.id)", "failure": "\(error)", "error": "\(refusal)"])
            again(on: queue) { $0.fail(job, error, during: step, on: queue, done: done) }
        }
    }

    /// Runs a step after a pause, unless the coordinator has ended by then.
    func again(on queue: DispatchQueue, _ step: @escaping @Sendable (JobWorkshop) -> Void) {
        let (seconds, attoseconds) = policy.beforeTryingAgain.components
        let pause = DispatchTimeInterval.milliseconds(Int(seconds) * 1000 + Int(attoseconds / 1_000_000_000_000_000))
        queue.asyncAfter(deadline: .now() + pause) { [weak self] in
            if let self { step(self) }
        }
    }

    /// Checks what the rest relies on: the plan has shards, they can be sent, and their results folded.
    private func check(_ plan: WorkPlan) throws {
        guard plan.foldBytes <= runner.memory else {
            throw InputError(
                "the job",
                expected: "results that can be folded in \(runner.memory >> 20) MiB, what this coordinator may use",
                found: plan.foldBytes == .max ? "more than can be counted" : "\(plan.foldBytes >> 20) MiB",
                hint:
                    "name fewer checkpoints, hooks or masks in one job, or run the coordinator on a machine with more memory",
                kind: .configuration)
        }
        guard !plan.shards.isEmpty else {
            throw InputError("the job", expected: "at least one shard", found: "no prompts")
        }
        guard plan.task.bytes.count <= WireLimits.taskBytes else {
            throw InputError(
                "the job", expected: "a task of at most \(WireLimits.taskBytes) bytes",
                found: "\(plan.task.bytes.count)",
                hint: "name fewer checkpoints or hooks")
        }
        for (index, shard) in plan.shards.enumerated() {
            guard shard.bytes.count <= WireLimits.shardBytes, shard.tokens <= WireLimits.tokens else {
                throw InputError(
                    "the job's shard \(index)",
                    expected: "at most \(WireLimits.shardBytes) bytes and \(WireLimits.tokens) tokens",
                    found: "\(shard.bytes.count) bytes and \(shard.tokens) tokens", hint: "lower shard_tokens")
            }
        }
    }
}
