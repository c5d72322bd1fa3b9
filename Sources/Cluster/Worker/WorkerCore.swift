import Foundation
import Inputs
import Logging
import Wire

/// A worker's decisions, all on one thread: what happens goes through the machine, what it says is done.
final class WorkerCore {
    /// Seconds between two looks at the clock.
    private static let tickSeconds = 0.25
    /// Seconds of waiting for the coordinator before the first complaint, and between two.
    private static let patience = 5.0
    private static let complaintSeconds = 60.0

    private let instance: InstanceID
    private let parts: WorkerService.Parts
    private let dealer: DealerThread
    private let compute: ComputeThread
    private let mailbox: Mailbox<WorkerService.Event>
    private var logger: Logger
    private var machine: WorkerMachine
    private var complainsAt = patience
    /// The connections that came about.
    private var connected: Set<Channel> = []
    private let start = ContinuousClock.now
    private var end: Result<WorkerMachine.Outcome, InputError>?

    init(
        instance: InstanceID, parts: WorkerService.Parts, dealer: DealerThread, compute: ComputeThread,
        mailbox: Mailbox<WorkerService.Event>
    ) {
        self.instance = instance
        self.parts = parts
        self.dealer = dealer
        self.compute = compute
        self.mailbox = mailbox
        logger = parts.logger
        machine = WorkerMachine(policy: WorkerMachine.Policy(lifetimeSeconds: parts.lifetimeSeconds))
    }

    /// Works until the worker is to leave.
    func run() -> Result<WorkerMachine.Outcome, InputError> {
        defer { compute.stop() }
        perform(machine.begin(at: now))
        var tickAt = now + Self.tickSeconds
        while true {
            if let end { return end }
            for event in mailbox.takeAll(waiting: .seconds(max(0, tickAt - now))) where end == nil { handle(event) }
            guard end == nil, now >= tickAt else { continue }
            complainOfSilence()
            perform(machine.tick(progress: compute.progress, at: now))
            tickAt = now + Self.tickSeconds
        }
    }

    private var now: Double { seconds(ContinuousClock.now) }

    private func seconds(_ instant: ContinuousClock.Instant) -> Double {
        let (seconds, attoseconds) = start.duration(to: instant).components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }

    private func handle(_ event: WorkerService.Event) {
        switch event {
        case .message(let message, let received):
            machine.heard(message.channel, at: seconds(received))
            handle(message)
        case .computed(let lease, .finished(let digest, let bytes)):
            log(.debug, "computed", lease, "\(bytes.count) bytes")
            perform(machine.computeFinished(lease, digest: digest, bytes: bytes, at: now))
        case .computed(let lease, .failed(let error, let cause)):
            // What was revoked meanwhile was told to stop.
            let isWanted = machine.heldLeases.contains(lease)
            log(isWanted ? .warning : .debug, "could not be computed", lease, "\(error)")
            perform(machine.computeFailed(lease, error, cause, at: now))
        case .connected(let channel):
            logger.debug("connected", metadata: ["channel": "\(channel)"])
            connected.insert(channel)
            perform(machine.connected(channel, at: now))
        case .transport(.failed(let error)):
            end = .failure(InputError("the sockets", expected: "to go on", found: "\(error)", kind: .temporary))
        case .transport(.notAdmitted(let error)):
            perform(machine.refused(error))
        case .transport(let problem):
            logger.log(level: problem.isRoutine ? .debug : .warning, "\(problem)")
        case .drain:
            logger.info(machine.isDraining ? "stopping at once" : "draining")
            perform(machine.drain(at: now))
        case .vanish:
            end = .success(.stopped)
        }
    }

    private func handle(_ message: MessageFromCoordinator) {
        switch message {
        case .welcome(let name, let leaseSeconds, instance):
            logger[metadataKey: "worker"] = "\(name)"
            // One for each greeting, and it greets until it is answered.
            logger.log(
                level: machine.isWelcome ? .debug : .info, "welcome", metadata: ["holds": "\(machine.heldLeases.count)"]
            )
            perform(machine.welcome(leaseSeconds: leaseSeconds, at: now))
        case .refused(let error):
            perform(machine.refused(error))
        case .lease(let lease):
            log(.debug, "leased", lease.id, "\(lease.tokens) tokens")
            perform(machine.lease(lease, at: now))
        case .revoke(let leases, let reason):
            for lease in leases { log(.info, "revoked", lease, reason) }
            perform(machine.revoked(leases, at: now))
        case .whoAreYou(let channel):
            perform(machine.whoAreYou(channel, at: now))
        case .credit(let bytes):
            perform(machine.credit(bytes, at: now))
        case .accepted(let lease):
            log(.debug, "accepted", lease, "committed")
            perform(machine.answered(lease, at: now))
        case .rejected(let lease, let error):
            log(.warning, "rejected", lease, "\(error)")
            perform(machine.answered(lease, at: now))
        case .dismiss(let reason, let atOnce):
            logger.warning("dismissed", metadata: ["reason": "\(reason)", "atOnce": "\(atOnce)"])
            perform(machine.dismissed(reason: reason, atOnce: atOnce, at: now))
        case .heard: break
        case .welcome, .reply:
            logger.warning("a message for somebody else")
        }
    }

    private func perform(_ actions: [WorkerMachine.Action]) {
        for action in actions {
            switch action {
            case .sayHello(let held): send(.hello(hello(held)))
            case .attach: send(.attach(instance))
            case .reconnect(let channel):
                logger.warning("nothing comes over a connection; making another", metadata: ["channel": "\(channel)"])
                dealer.reconnect(channel)
            case .renew(let slots, let renewals, let tasks):
                send(.renew(slots: slots, renewals, tasks: tasks))
            case .handBack(let leases, let reason): send(.handBack(leases, reason: reason))
            case .reportFailure(let lease, let error, let cause):
                send(.failed(lease, error, cause))
            case .sayGoodbye: send(.goodbye)
            case .send(let part): send(.part(part))
            case .start(let lease): compute.start(lease)
            case .cancelCompute(let lease): compute.cancel(lease)
            case .end(.refused(let error)): end = .failure(error)
            case .end(.dismissed(let reason)):
                end = .failure(
                    InputError("this worker", expected: "to be of use", found: "dismissed: \(reason)", kind: .temporary)
                )
            case .end(let outcome):
                if outcome == .outlived { logger.info("leaving: the worker's time is over") }
                end = .success(outcome)
            }
        }
    }

    private func hello(_ held: [LeaseID]) -> WorkerHello {
        WorkerHello(
            build: parts.build, instance: instance, host: ProcessInfo.processInfo.hostName,
            processID: Int(ProcessInfo.processInfo.processIdentifier), numberSystem: parts.numberSystem,
            threads: parts.place.threads, slurmJob: ProcessInfo.processInfo.environment["SLURM_JOB_ID"], held: held)
    }

    /// What cannot be sent now is made up for by the next renewal or greeting, or by the lease's end.
    private func send(_ message: MessageToCoordinator) {
        do {
            try dealer.send(message)
        } catch {
            logger.warning("a message could not be sent", metadata: ["error": "\(error)"])
        }
    }

    /// A worker that waits for its coordinator does nothing else: whoever started it must see why.
    private func complainOfSilence() {
        let isSilent = !machine.isWelcome || !connected.contains(.data)
        guard isSilent else { return complainsAt = now + Self.patience }
        guard now >= complainsAt else { return }
        complainsAt = now + Self.complaintSeconds
        let (channel, what) =
            machine.isWelcome ? (Channel.data, "no connection for results") : (.control, "no answer from a coordinator")
        logger.warning("\(what); still trying", metadata: ["endpoint": "\(dealer.endpoints[channel])"])
    }

    private func log(_ level: Logger.Level, _ text: Logger.Message, _ lease: LeaseID, _ reason: String) {
        logger.log(
            level: level, text,
            metadata: [
                "job": "\(lease.job)", "shard": "\(lease.shard)", "epoch": "\(lease.epoch)", "reason": "\(reason)",
            ])
    }
}
