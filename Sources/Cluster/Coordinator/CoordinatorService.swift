import Foundation
import Inputs
import Logging
import Monitoring
import Wire
import Work

/// A coordinator: sockets on one thread, decisions on another, planning and folding on queues of their own.
///
/// All truth is in the state folder. Ending the process at any moment, in any way, loses no committed shard; a new
/// service on the same folder goes on where this one was.
public final class CoordinatorService: Sendable {
    /// What a service is made of besides its configuration.
    public struct Parts: Sendable {
        /// The kinds of work that it plans and folds.
        public var kinds: WorkKinds
        /// Where it does so.
        public var runner: any WorkRunner
        /// Version of the program; workers must have the same.
        public var build: String
        public var logger: Logger
        /// Level of the log line for a failed job: quiet if whoever runs it is told otherwise.
        public var failureLevel = Logger.Level.error
        /// Hears, on the deciding thread, of jobs that were folded to their end or cannot be.
        public var jobEnded: @Sendable (JobID) -> Void = { _ in }

        /// Names the parts. Without a runner jobs are planned and folded in this process.
        public init(kinds: WorkKinds, runner: (any WorkRunner)? = nil, build: String, logger: Logger) {
            self.kinds = kinds
            self.runner = runner ?? InProcessRunner(kinds)
            self.build = build
            self.logger = logger
        }
    }

    /// What the deciding thread hears.
    enum Event: Sendable {
        case message(Inbound)
        case planned(JobID)
        case folded(JobID)
        case workerDied(processID: Int)
        case transport(TransportProblem)
        case drain
        case stop
    }

    /// Where it listens, with real ports.
    public let endpoints: Endpoints
    private let router: RouterThread
    private let mailbox: Mailbox<Event>
    private let ended: Mailbox<InputError?>
    private let status: StatusServer?
    /// What it counts and measures.
    public let metrics: CoordinatorMetrics

    /// Opens the state folder, binds, and begins to serve. Throws `InputError`.
    public init(_ config: CoordinatorConfig, parts: Parts) throws {
        try config.check(place: "the coordinator's endpoints")
        try DescriptorLimit.ensureForCoordinator()
        let folder = try StateFolder(config.state)
        let store = try JobStore(folder)
        do {
            try CoordinatorCore.refuseForeignResults(in: store, build: parts.build, config: config)
        } catch {
            store.close()
            folder.unlock()
            throw error
        }
        let metrics = CoordinatorMetrics(build: parts.build)
        self.metrics = metrics
        do {
            let mailbox = try Mailbox<Event>()
            ended = try Mailbox()
            router = try RouterThread(
                bind: config.endpoints, keys: config.keys, deliver: { mailbox.post(.message($0)) },
                report: { mailbox.post(.transport($0)) })
            self.mailbox = mailbox
        } catch let error as InputError {
            throw error
        } catch {
            // One that is in use may be free soon; one that this machine does not have will never be its own.
            let isForNow = (error as? ZeroMQError)?.code != EADDRNOTAVAIL
            throw InputError(
                "\(config.endpoints.control), \(config.endpoints.data)", expected: "endpoints to listen on",
                found: "\(error)",
                hint: "choose another address or port with --listen and --data, or control: and data:",
                kind: isForNow ? .temporary : .configuration)
        }
        endpoints = router.endpoints
        let workshop = JobWorkshop(
            store: store, kinds: parts.kinds, runner: parts.runner, build: parts.build, folder: folder,
            logger: parts.logger, foldDelayed: { metrics.storeFailures.add() })
        let board = SnapshotBoard()
        let heartbeat = Heartbeat(limit: Self.healthySeconds)
        let pages = StatusPages(store: store, board: board)
        do {
            status = try config.http.map { address in
                try StatusServer(
                    address,
                    content: .init(
                        heartbeat: heartbeat, metrics: { pages.text(of: metrics) }, page: { try pages.page($0) }))
            }
        } catch let error as ListenError {
            router.stop()
            throw InputError(
                error.place, expected: error.expected, found: error.found,
                hint: "choose another one, or turn it off with --http off, or http: off",
                kind: error.isInUse ? .temporary : .configuration)
        }
        let thread = Thread { [router, mailbox, ended] in
            let core = CoordinatorCore(
                config: config, parts: parts, store: store, folder: folder, workshop: workshop, router: router,
                mailbox: mailbox, metrics: metrics, board: board, heartbeat: heartbeat)
            let end = core.run()
            workshop.end()
            // What a plan or fold stores from here on would be too late; the next service does it again.
            store.close()
            folder.unlock()
            ended.post(end)
        }
        thread.name = "actdiff-core"
        thread.start()
    }

    /// Seconds without a turn of the deciding thread after which `/healthz` says so.
    private static let healthySeconds = 10.0

    /// Where the status pages are, with the real port; nil where there are none.
    public var http: HTTPAddress? { status?.address }

    /// Says that a worker process on this machine is dead, so that its shards need not wait for their leases' end.
    public func workerDied(processID: Int) {
        mailbox.post(.workerDied(processID: processID))
    }

    /// Blocks until the service has ended; returns why, where it was not told to.
    public func waitForEnd() -> InputError? {
        let ends = ended.takeAll(waiting: nil)
        ended.post(ends.first ?? nil)
        return ends.first ?? nil
    }

    /// Asks it to leave, from any thread or signal source: the first time it hands out nothing more and takes in the
    /// results that are on their way, the second time it ends at once.
    public func drain() {
        mailbox.post(.drain)
    }

    /// Tells it to end, from any thread or signal source. Nothing is lost: whatever is under way goes on later.
    public func requestStop() {
        mailbox.post(.stop)
    }

    /// Ends the service and waits for its threads.
    public func stop() {
        requestStop()
        _ = waitForEnd()
        router.stop()
        status?.stop()
    }
}
