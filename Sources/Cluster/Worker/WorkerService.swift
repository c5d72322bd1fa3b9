import Foundation
import Inputs
import Logging
import Wire
import Work

/// A worker: sockets on one thread, the computation on another, and a third between them that decides.
public final class WorkerService: Sendable {
    /// What a worker is made of besides where the coordinator is.
    public struct Parts: Sendable {
        /// The kinds of work that it can do.
        public var kinds: WorkKinds
        /// What it computes with.
        public var place: WorkerPlace
        /// Version of the program.
        public var build: String
        /// What decides how its numbers are rounded, such as `cpu/avx512`.
        public var numberSystem: String
        /// Seconds until the worker's allocation ends; nil where nobody knows.
        public var lifetimeSeconds: Double?
        public var logger: Logger

        /// Names the parts.
        public init(
            kinds: WorkKinds, place: WorkerPlace, build: String, numberSystem: String, lifetimeSeconds: Double? = nil,
            logger: Logger
        ) {
            self.kinds = kinds
            self.place = place
            self.build = build
            self.numberSystem = numberSystem
            self.lifetimeSeconds = lifetimeSeconds
            self.logger = logger
        }
    }

    enum Event: Sendable {
        case message(MessageFromCoordinator, ContinuousClock.Instant)
        case connected(Channel)
        case computed(LeaseID, ComputeThread.Ending)
        case transport(TransportProblem)
        case drain
        /// Leave without a word.
        case vanish
    }

    /// Tells this life of the worker from every other.
    public let instance = InstanceID.random()
    private let dealer: DealerThread
    private let compute: ComputeThread
    private let mailbox: Mailbox<Event>
    private let ended: Mailbox<Result<WorkerMachine.Outcome, InputError>>

    /// Begins to connect and to work. Throws `InputError` for endpoints that are none, and without keys for any off
    /// loopback.
    public init(connect endpoints: Endpoints, keys: ClientKeys? = nil, parts: Parts) throws {
        try endpoints.check(hasKeys: keys != nil, place: "the coordinator's endpoints")
        do {
            let mailbox = try Mailbox<Event>()
            ended = try Mailbox()
            compute = try ComputeThread(parts.kinds, at: parts.place) { mailbox.post(.computed($0, $1)) }
            dealer = try DealerThread(
                connect: endpoints, keys: keys, deliver: { mailbox.post(.message($0, $1)) },
                connected: { mailbox.post(.connected($0)) },
                report: { mailbox.post(.transport($0)) })
            self.mailbox = mailbox
        } catch {
            throw InputError(
                "\(endpoints.control), \(endpoints.data)", expected: "a coordinator's endpoints", found: "\(error)",
                kind: .usage)
        }
        let thread = Thread { [instance, dealer, compute, mailbox, ended] in
            let core = WorkerCore(instance: instance, parts: parts, dealer: dealer, compute: compute, mailbox: mailbox)
            ended.post(core.run())
        }
        thread.name = "actdiff-worker"
        thread.start()
    }

    /// Asks the worker to leave, from any thread or signal source: the first time it finishes its shard and hands in
    /// its results, the second time it leaves at once.
    public func drain() {
        mailbox.post(.drain)
    }

    /// Blocks until the worker has left. Throws `InputError` where it could not work: refused, or without sockets.
    public func waitForEnd() throws -> WorkerMachine.Outcome {
        let ends = ended.takeAll(waiting: nil)
        guard let end = ends.first else { return .stopped }
        ended.post(end)
        dealer.stop()
        return try end.get()
    }

    /// Leaves without a word, as a process does that is killed: nothing is handed back or said.
    public func vanish() {
        mailbox.post(.vanish)
        _ = try? waitForEnd()
    }
}
