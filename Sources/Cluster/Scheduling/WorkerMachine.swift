import Inputs
import Wire

/// What a worker does next, as a value without clock, threads or sockets: events in, actions out, in that order.
///
/// It computes one lease at a time and keeps the next at hand. A finished result is kept until the coordinator has
/// answered it, however often the coordinator goes away meanwhile: after each greeting it is sent again from the start.
public struct WorkerMachine: Sendable {
    /// Its settings.
    public struct Policy: Sendable, Hashable {
        /// Leases to hold at a time: one to compute, one so that computing never waits.
        public var slots: Int
        /// Seconds between two attempts to be welcomed, and the most between two renewals: a coordinator that starts
        /// anew learns of its workers when they speak.
        public var greetingSeconds: Double
        /// Largest piece of a result.
        public var partBytes: Int
        /// Seconds from the start until the worker's allocation ends; nil where nobody knows.
        public var lifetimeSeconds: Double?

        /// Makes a policy.
        public init(
            slots: Int = 2, greetingSeconds: Double = 5, partBytes: Int = WireLimits.partBytes,
            lifetimeSeconds: Double? = nil
        ) {
            self.slots = slots
            self.greetingSeconds = greetingSeconds
            self.partBytes = partBytes
            self.lifetimeSeconds = lifetimeSeconds
        }
    }

    /// What is to be done.
    public enum Action: Sendable, Hashable {
        case sayHello(held: [LeaseID])
        case attach
        /// Close the connection and open another: it may be open at this end only.
        case reconnect(Channel)
        case renew(slots: Int, [Renewal], tasks: [Digest])
        case handBack([LeaseID], reason: String)
        case reportFailure(LeaseID, InputError, FailureCause)
        case sayGoodbye
        case send(ResultPart)
        /// Compute this, then say `computeFinished` or `computeFailed`.
        case start(Lease)
        /// Stop computing as soon as possible; `computeFinished` or `computeFailed` is still expected.
        case cancelCompute(LeaseID)
        case end(Outcome)
    }

    /// How a worker's life ends.
    public enum Outcome: Sendable, Hashable {
        /// Asked to leave; nothing is left behind.
        case drained
        /// Its time is over, or would be before another shard could be finished; nothing is left behind.
        case outlived
        /// The coordinator wants no more of it.
        case dismissed(reason: String)
        /// Asked twice; what was unfinished went back.
        case stopped
        /// The coordinator does not want this worker as it is.
        case refused(InputError)
    }

    /// A lease and how far it is.
    struct Held: Sendable {
        enum Stage: Sendable {
            case waiting(Lease)
            /// Since this time.
            case running(Double)
            case finished(Digest, [UInt8], sent: Int)
        }
        var id: LeaseID
        var tokens: Int
        var stage: Stage
    }

    public let policy: Policy
    /// In order of arrival.
    var held: [Held] = []
    /// Tasks of earlier leases, for leases that come without theirs.
    var tasks = KnownTasks()
    /// What the compute thread is busy with; may be a lease that is no longer held.
    var computing: LeaseID?
    /// Bytes of parts that may be sent now.
    var credit = 0
    var isWelcome = false
    var isDraining = false
    var hasEnded = false
    var leaseSeconds = 60.0
    var greetedAt = -Double.infinity
    var renewedAt = -Double.infinity
    /// Since when each connection has been silent. Counts anew when something is done about the silence.
    var heardOfControlAt = -Double.infinity
    var heardOfDataAt = -Double.infinity
    /// Whether the data connection has been silent since it was last attached.
    var isAttachUnanswered = false
    var progress: UInt64 = 0
    /// How a drain ends.
    var ending = Outcome.drained
    /// Seconds for a token in the slower ones of the last shards.
    var secondsPerToken: Double?
    var beganAt = 0.0

    /// Makes a worker that holds nothing and knows nobody.
    public init(policy: Policy = Policy()) {
        self.policy = policy
    }

    /// All leases, in order of arrival.
    public var heldLeases: [LeaseID] { held.map(\.id) }
}

// MARK: - What the coordinator says

extension WorkerMachine {
    /// The coordinator does not know this connection, or no longer does.
    public mutating func whoAreYou(_ channel: Channel, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        switch channel {
        case .control: return greet(at: now)
        // It may know neither connection; a renewal finds out.
        case .data: return isWelcome ? attach(at: now) + [renewal(at: now)] : []
        }
    }

    /// Something came over a connection.
    public mutating func heard(_ channel: Channel, at now: Double) {
        switch channel {
        case .control: heardOfControlAt = max(heardOfControlAt, now)
        case .data:
            heardOfDataAt = max(heardOfDataAt, now)
            isAttachUnanswered = false
        }
    }

    /// The worker is admitted.
    public mutating func welcome(leaseSeconds: Double, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        isWelcome = true
        heardOfControlAt = max(heardOfControlAt, now)
        self.leaseSeconds = leaseSeconds
        return attach(at: now) + [renewal(at: now)]
    }

    /// The worker is not admitted.
    public mutating func refused(_ error: InputError) -> [Action] {
        end(.refused(error), saying: [])
    }

    /// A lease has come.
    public mutating func lease(_ lease: Lease, at now: Double) -> [Action] {
        guard !hasEnded, !held.contains(where: { $0.id == lease.id }) else { return [] }
        if isDraining { return [.handBack([lease.id], reason: "the worker is draining")] }
        guard let lease = tasks.complete(lease) else {
            // The coordinator believes that the task is here. The next renewal corrects that.
            return [renewal(at: now), .handBack([lease.id], reason: "its task is not here")]
        }
        held.append(Held(id: lease.id, tokens: lease.tokens, stage: .waiting(lease)))
        return leaveIfTooLate(at: now) + startNext(at: now)
    }

    /// The coordinator wants no more of this worker.
    public mutating func dismissed(reason: String, atOnce: Bool, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        if atOnce { return stop(.dismissed(reason: reason), saying: reason) }
        return isDraining ? [] : leave(.dismissed(reason: reason), saying: "the worker was dismissed", at: now)
    }

    /// A connection is there, for the first time or again: whoever is at the other end may not know this worker.
    public mutating func connected(_ channel: Channel, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        switch channel {
        case .control: return greet(at: now)
        case .data: return isWelcome ? attach(at: now) : []
        }
    }

    /// The coordinator no longer wants these leases.
    public mutating func revoked(_ leases: [LeaseID], at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        held.removeAll { leases.contains($0.id) }
        let cancel = computing.flatMap { leases.contains($0) ? [Action.cancelCompute($0)] : nil } ?? []
        return cancel + startNext(at: now) + sendParts() + endIfDrained()
    }

    /// More bytes may be sent.
    public mutating func credit(_ bytes: Int, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        credit = credit.addingReportingOverflow(max(0, bytes)).partialValue
        return sendParts()
    }

    /// The coordinator has the result, or does not want it: it may be forgotten.
    public mutating func answered(_ lease: LeaseID, at now: Double) -> [Action] {
        return revoked([lease], at: now)
    }
}

// MARK: - What happens here

extension WorkerMachine {
    /// The first step.
    public mutating func begin(at now: Double) -> [Action] {
        beganAt = now
        return greet(at: now)
    }

    /// The compute thread is done. `digest` is that of `bytes`, the encoded result.
    public mutating func computeFinished(_ lease: LeaseID, digest: Digest, bytes: [UInt8], at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        if computing == lease { computing = nil }
        if let at = held.firstIndex(where: { $0.id == lease }) {
            if case .running(let since) = held[at].stage { notePace((now - since) / Double(max(1, held[at].tokens))) }
            held[at].stage = .finished(digest, bytes, sent: 0)
            heardOfDataAt = now
        }
        return leaveIfTooLate(at: now) + startNext(at: now) + sendParts() + endIfDrained()
    }

    /// The compute thread gave up.
    public mutating func computeFailed(
        _ lease: LeaseID, _ error: InputError, _ cause: FailureCause, at now: Double
    ) -> [Action] {
        guard !hasEnded else { return [] }
        if computing == lease { computing = nil }
        var actions: [Action] = []
        if let at = held.firstIndex(where: { $0.id == lease }) {
            held.remove(at: at)
            actions.append(.reportFailure(lease, error, cause))
        }
        return actions + startNext(at: now) + endIfDrained()
    }

    /// Time has passed; `progress` is the compute thread's counter.
    public mutating func tick(progress: UInt64, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        self.progress = progress
        let farewell = leaveIfOver(at: now)
        guard !hasEnded else { return farewell }
        guard isWelcome else {
            return farewell + (greetedAt + policy.greetingSeconds <= now ? greet(at: now) : [])
        }
        var actions = farewell
        if renewedAt + min(leaseSeconds / 4, policy.greetingSeconds) <= now { actions.append(renewal(at: now)) }
        // A data connection that broke after the last part was sent gives no sign. Attaching again finds out.
        if hasUnansweredResult, heardOfDataAt + leaseSeconds / 2 <= now {
            if isAttachUnanswered { actions.append(.reconnect(.data)) }
            actions += attach(at: now)
        }
        // Every renewal is answered.
        if heardOfControlAt + leaseSeconds / 2 <= now {
            heardOfControlAt = now
            actions.append(.reconnect(.control))
        }
        return actions
    }

    /// Somebody wants the worker to leave: it finishes what it computes and gives back the rest. The second time it
    /// leaves at once.
    public mutating func drain(at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        return isDraining
            ? stop(.stopped, saying: "the worker was told to stop")
            : leave(.drained, saying: "the worker is draining", at: now)
    }
}
