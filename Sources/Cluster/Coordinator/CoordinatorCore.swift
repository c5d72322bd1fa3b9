import Foundation
import Inputs
import Logging
import Monitoring
import Wire
import Work

/// The coordinator's decisions, all on one thread: what arrives goes through the scheduler and the store, what comes
/// out goes to the router. Network, planning and folding are elsewhere and never waited for.
final class CoordinatorCore {
    /// Seconds between two looks at the clock.
    private static let tickSeconds = 0.25
    /// Seconds that results on their way have when the coordinator drains.
    private static let drainSeconds = 10.0

    let config: CoordinatorConfig
    let build: String
    let logger: Logger
    /// How loud a job's failure is.
    let failureLevel: Logger.Level
    let jobEnded: @Sendable (JobID) -> Void
    let store: JobStore
    let folder: StateFolder
    let workshop: JobWorkshop
    let router: RouterThread
    let mailbox: Mailbox<CoordinatorService.Event>
    let metrics: CoordinatorMetrics
    let board: SnapshotBoard
    let heartbeat: Heartbeat

    var scheduler: Scheduler
    var running: [JobID: RunningJob] = [:]
    /// Jobs that were handed to the planner in this life.
    var planned: Set<JobID> = []
    var connections: [InstanceID: WorkerConnection] = [:]
    /// Control connections of workers that said hello.
    var workers: [PeerID: InstanceID] = [:]
    /// Data connections, also of workers that are yet to say hello; with the time of attaching.
    var attached: [PeerID: (instance: InstanceID, key: PublicKey?, at: Double)] = [:]
    /// When a peer was last asked who it is: many messages of a stranger are one reason to ask.
    var asked: [PeerID: Double] = [:]
    /// Workers to ask for their results again, and when.
    var askLater: [(at: Double, worker: InstanceID)] = []
    /// What is to be stored before anybody hears of it.
    var pending = StoreBatch()
    /// Leases that leave when their epochs are stored.
    var grants: [(lease: LeaseID, worker: InstanceID, purpose: Scheduler.Purpose)] = []
    /// Jobs with new commits, with commits that were taken back, and those to be folded to the end.
    var progressed: Set<JobID> = []
    var retracted: [JobID: StoredJob] = [:]
    var finishing: [(job: StoredJob, missing: [Int: InputError])] = []
    /// Workers that may forget a result once what follows from it is stored.
    var acknowledgements: [(lease: LeaseID, worker: InstanceID)] = []
    /// Room for results on their way in.
    var credit: CreditPool
    /// When a worker last said something that frees a slot.
    var freedAt: [InstanceID: Double] = [:]
    /// What may still be logged of strangers.
    var nuisances = Allowance<TransportProblem.Nuisance>()
    /// What may still be logged of what workers bring about.
    var lines = Allowance<Line>(burst: 100, seconds: 1)
    /// Greetings that may still be answered, and leases that may still be given back. A thousand workers with one key that all
    /// start or leave at once are within them.
    var greetings = Allowance<Sender>(burst: 4000, seconds: 0.005)
    var returns = Allowance<Sender>(burst: 4000, seconds: 0.005)
    /// Leases that were given back too fast.
    var putOff: [LeaseID: PutOff] = [:]
    /// When jobs that are old enough are removed next.
    var pruneAt = 0.0
    /// What may still be logged of a disk that does not write.
    var complaints = Allowance<String>(burst: 2, seconds: 30)
    let archive: Archive
    /// Since when it takes in what is on its way, and hands out nothing more.
    var drainingSince: Double?
    private let start = ContinuousClock.now
    private var isStopping = false
    private var failure: InputError?

    init(
        config: CoordinatorConfig, parts: CoordinatorService.Parts, store: JobStore, folder: StateFolder,
        workshop: JobWorkshop, router: RouterThread, mailbox: Mailbox<CoordinatorService.Event>,
        metrics: CoordinatorMetrics, board: SnapshotBoard, heartbeat: Heartbeat
    ) {
        self.config = config
        build = parts.build
        logger = parts.logger
        failureLevel = parts.failureLevel
        jobEnded = parts.jobEnded
        self.store = store
        self.folder = folder
        archive = Archive(store: store, folder: folder)
        self.workshop = workshop
        self.router = router
        self.mailbox = mailbox
        self.metrics = metrics
        self.board = board
        self.heartbeat = heartbeat
        credit = CreditPool(capacity: config.resultBytes)
        let policy = Scheduler.Policy(
            leaseSeconds: config.leaseSeconds, graceSeconds: config.graceSeconds ?? config.leaseSeconds,
            stallSeconds: config.stallSeconds, verifySeconds: config.verifySeconds)
        scheduler = Scheduler(policy: policy)
    }

    /// Works until told to stop; returns why, where nobody told it.
    func run() -> InputError? {
        do {
            try resume()
        } catch {
            return error as? InputError ?? InputError(store.path, expected: "the stored jobs", found: "\(error)")
        }
        var tickAt = now
        while !isStopping {
            let events = mailbox.takeAll(waiting: .seconds(max(0, tickAt - now)))
            // Whatever arrived before this moment is among the events. So no lease expires whose renewal waits here while the
            // disk is slow.
            let seen = now
            for event in events where !isStopping { handle(event) }
            let isDue = seen >= tickAt
            if isDue {
                metrics.loopLag.observe(seen - tickAt)
                tick(at: seen)
                tickAt = seen + Self.tickSeconds
            }
            flush(storyIsDue: isDue)
        }
        flush(storyIsDue: true)
        return failure
    }

    /// Seconds since the start.
    var now: Double { seconds(ContinuousClock.now) }

    func seconds(_ instant: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = start.duration(to: instant).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    /// Takes up all jobs that have not ended.
    private func resume() throws {
        scheduler = Scheduler(policy: scheduler.policy, convicted: try store.convicted())
        try dropForeignPlans()
        for job in try store.openJobs() {
            switch job.state {
            case .planning: plan(job)
            case .running: try takeUp(job)
            case .done, .partial, .failed, .cancelled: break
            }
        }
        flush()
    }

    private func handle(_ event: CoordinatorService.Event) {
        switch event {
        case .message(let inbound): handle(inbound)
        case .planned(let job): planned(job)
        case .folded(let job): folded(job)
        case .workerDied(let processID): workerDied(processID)
        case .transport(.failed(let error)):
            failure = InputError("the sockets", expected: "to go on", found: "\(error)", kind: .temporary)
            isStopping = true
        case .transport(let problem): note(problem)
        case .drain: drain()
        case .stop: isStopping = true
        }
    }

    private func handle(_ inbound: Inbound) {
        let at = seconds(inbound.receivedAt)
        switch inbound.message {
        case .hello(let hello):
            if mayGreet(inbound, at: at) { greet(hello, from: inbound, at: at) }
        case .attach(let instance):
            if mayGreet(inbound, at: at) { attach(instance, inbound, at: at) }
        case .part(let part): receive(part, from: inbound.peer, at: at)
        case .request(let id, let request): answer(request, id: id, to: inbound.peer)
        case .renew, .handBack, .failed, .goodbye:
            guard let worker = workers[inbound.peer] else { return ask(inbound.peer, at: at) }
            handle(inbound.message, of: worker, at: at)
        }
    }

    private func tick(at now: Double) {
        perform(scheduler.tick(at: now))
        takePutOff(at: now)
        admitWaiting()
        pruneIfDue(at: now)
        publish(at: now)
        let due = askLater.filter { $0.at <= now }
        askLater.removeAll { $0.at <= now }
        for (_, worker) in due { askWho(worker) }
        asked = asked.filter { $0.value + 1 > now }
        for (peer, claim) in attached where connections[claim.instance]?.data != peer {
            if claim.at + config.leaseSeconds <= now { attached[peer] = nil }
        }
        if isDrained(at: now) { isStopping = true }
    }

    /// Hands out nothing more, takes in the results that are on their way, and ends. Called again, it ends at once.
    private func drain() {
        guard drainingSince == nil else {
            isStopping = true
            return
        }
        logger.info("draining")
        drainingSince = now
        scheduler.stopGranting()
    }

    /// Whether nothing is on its way any more, or it has taken too long: workers keep what they have.
    private func isDrained(at now: Double) -> Bool {
        guard let drainingSince else { return false }
        let isBusy = connections.values.contains { $0.assembly != nil }
        return !isBusy || drainingSince + Self.drainSeconds <= now
    }

    /// Asks a peer who it is, at most once a second.
    func ask(_ peer: PeerID, at: Double) {
        if let before = asked[peer], before + 1 > at { return }
        asked[peer] = at
        send(.whoAreYou(peer.channel), to: peer)
    }

    /// Sends what is small enough by its nature; what fails is logged.
    func send(_ message: MessageFromCoordinator, to peer: PeerID) {
        do {
            try router.send(message, to: peer)
        } catch {
            logger.error("a message could not be sent", metadata: ["peer": "\(peer)", "error": "\(error)"])
        }
    }
}
