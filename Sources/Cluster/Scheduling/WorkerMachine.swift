import Inputs
import Wire

/// What a worker does next, as a value without clock, threads or sockets: events in, actions out, in that order.
///
/// It computes one lease at a time and keeps the next at hand. A finished result is kept until the coordinator has
/// answered it, however often the coordinator goes away meanwhile: after each greeting it is sent again from the start.
public struct WorkerMachine: Sendable {
    /// The numbers that it lives by.
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
        /// Give the connection up and make another: it may be open at this end only.
        case reconnect(Channel)
        case renew(slots: Int, [Renewal], tasks: [Digest])
        case handBack([LeaseID], reason: String)
        case reportFailure(LeaseID, InputError, isPermanent: Bool)
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
        /// Its time is over before another shard could be finished; nothing is left behind.
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
            /// Since a time.
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
    /// What leases need, for those that come without.
    var tasks = KnownTasks()
    /// What the compute thread is busy with; may be a lease that is no longer held.
    var computing: LeaseID?
    /// Bytes of parts that may be sent now.
    var credit = 0
    var isWelcome = false
    var isDraining = false
    var hasEnded = false
    private var leaseSeconds = 60.0
    private var greetedAt = -Double.infinity
    private var renewedAt = -Double.infinity
    /// When something last came over each connection, or was last done about its silence.
    private var heardOfControlAt = -Double.infinity
    private var heardOfDataAt = -Double.infinity
    /// Whether the data connection has been silent since it was last attached.
    private var isAttachUnanswered = false
    private var progress: UInt64 = 0
    /// How a drain ends, and what is said to whom gets its leases back.
    private var ending = Outcome.drained
    /// Seconds that a token takes, of the slower ones of the last shards.
    private var secondsPerToken: Double?
    private var beganAt = 0.0

    /// Makes a worker that holds nothing and knows nobody.
    public init(policy: Policy = Policy()) {
        self.policy = policy
    }

    /// All leases, in order of arrival.
    public var heldLeases: [LeaseID] { held.map(\.id) }
}

// MARK: - What the coordinator says

extension WorkerMachine {
    /// The connection is open, or the coordinator does not know it any more.
    public mutating func whoAreYou(_ channel: Channel, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        switch channel {
        case .control: return greet(at: now)
        // Perhaps it knows neither connection: a renewal makes it say so.
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

    /// Work has come.
    public mutating func lease(_ lease: Lease, at now: Double) -> [Action] {
        guard !hasEnded, !held.contains(where: { $0.id == lease.id }) else { return [] }
        if isDraining { return [.handBack([lease.id], reason: "the worker is draining")] }
        guard let lease = tasks.complete(lease) else {
            // The coordinator believes that the task is here: the renewal says otherwise.
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

    /// These are not wanted any more.
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
        _ lease: LeaseID, _ error: InputError, isPermanent: Bool, at now: Double
    ) -> [Action] {
        guard !hasEnded else { return [] }
        if computing == lease { computing = nil }
        var actions: [Action] = []
        if let at = held.firstIndex(where: { $0.id == lease }) {
            held.remove(at: at)
            actions.append(.reportFailure(lease, error, isPermanent: isPermanent))
        }
        return actions + startNext(at: now) + endIfDrained()
    }

    /// Time has passed; `progress` is the compute thread's counter.
    public mutating func tick(progress: UInt64, at now: Double) -> [Action] {
        guard !hasEnded else { return [] }
        self.progress = progress
        guard isWelcome else {
            return greetedAt + policy.greetingSeconds <= now ? greet(at: now) : []
        }
        var actions: [Action] = []
        if renewedAt + min(leaseSeconds / 4, policy.greetingSeconds) <= now { actions.append(renewal(at: now)) }
        // A data connection that broke after the last part was sent says nothing; this finds out.
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

// MARK: - Leaving

extension WorkerMachine {
    /// Finishes what is computed and gives back the rest.
    private mutating func leave(_ outcome: Outcome, saying reason: String, at now: Double) -> [Action] {
        isDraining = true
        ending = outcome
        let waiting = held.compactMap { if case .waiting = $0.stage { $0.id } else { nil } }
        held.removeAll { waiting.contains($0.id) }
        // Where there was nothing, the goodbye says it all, and a renewal's answer would find nobody.
        var actions: [Action] = held.isEmpty && waiting.isEmpty ? [] : [renewal(at: now)]
        if !waiting.isEmpty { actions.append(.handBack(waiting, reason: reason)) }
        return actions + endIfDrained()
    }

    private mutating func stop(_ outcome: Outcome, saying reason: String) -> [Action] {
        let leases = heldLeases
        return end(outcome, saying: leases.isEmpty ? [] : [.handBack(leases, reason: reason)])
    }

    private mutating func notePace(_ seconds: Double) {
        // Falls slowly, rises at once: a shard that does not get finished is work lost.
        secondsPerToken = max(seconds, (secondsPerToken ?? seconds) * 0.9)
    }

    /// Gives back what cannot be finished before the allocation ends, and takes no more.
    private mutating func leaveIfTooLate(at now: Double) -> [Action] {
        guard let lifetime = policy.lifetimeSeconds, !isDraining, !hasEnded else { return [] }
        var seconds = 0.0
        for lease in held {
            let whole = (secondsPerToken ?? 0) * Double(lease.tokens)
            switch lease.stage {
            case .waiting: seconds += whole
            case .running(let since): seconds += max(0, whole - (now - since))
            case .finished: break
            }
        }
        guard held.contains(where: { if case .waiting = $0.stage { true } else { false } }),
            now + seconds * Self.lifetimeMargin >= beganAt + lifetime
        else { return [] }
        return leave(.outlived, saying: "the worker's time ends before it could be finished", at: now)
    }

    /// How much longer than expected a shard may take.
    private static var lifetimeMargin: Double { 1.2 }
}

// MARK: - Steps

extension WorkerMachine {
    private var hasUnansweredResult: Bool {
        held.contains { if case .finished = $0.stage { true } else { false } }
    }

    private mutating func greet(at now: Double) -> [Action] {
        isWelcome = false
        greetedAt = now
        return [.sayHello(held: heldLeases)]
    }

    /// Ties the data connection to this worker. The coordinator grants new credit and has forgotten all parts.
    private mutating func attach(at now: Double) -> [Action] {
        heardOfDataAt = now
        isAttachUnanswered = true
        credit = 0
        for at in held.indices {
            guard case .finished(let digest, let bytes, _) = held[at].stage else { continue }
            held[at].stage = .finished(digest, bytes, sent: 0)
        }
        return [.attach]
    }

    private mutating func renewal(at now: Double) -> Action {
        renewedAt = now
        return .renew(
            slots: isDraining ? 0 : policy.slots,
            held.map { lease in
                switch lease.stage {
                case .waiting: Renewal(lease: lease.id, progress: Renewal.waiting)
                case .running: Renewal(lease: lease.id, progress: min(max(progress, 1), Renewal.finished - 1))
                case .finished: Renewal(lease: lease.id, progress: Renewal.finished)
                }
            }, tasks: tasks.digests)
    }

    /// Gives the compute thread the next lease if it is free. The coordinator is told at once: should this worker
    /// vanish now, it is this shard that may be to blame.
    private mutating func startNext(at now: Double) -> [Action] {
        guard computing == nil, !hasEnded else { return [] }
        for at in held.indices {
            guard case .waiting(let lease) = held[at].stage else { continue }
            held[at].stage = .running(now)
            computing = lease.id
            progress = 0
            return [.start(lease), renewal(at: now)]
        }
        return []
    }

    /// Sends what credit allows, result after result.
    private mutating func sendParts() -> [Action] {
        guard isWelcome, !hasEnded else { return [] }
        var actions: [Action] = []
        for at in held.indices {
            guard case .finished(let digest, let bytes, var sent) = held[at].stage else { continue }
            while sent < bytes.count, credit > 0 {
                let end = sent + min(bytes.count - sent, policy.partBytes, credit)
                actions.append(
                    .send(
                        ResultPart(
                            lease: held[at].id, digest: digest, totalBytes: bytes.count, offset: sent,
                            bytes: Array(bytes[sent..<end]))))
                credit -= end - sent
                sent = end
            }
            held[at].stage = .finished(digest, bytes, sent: sent)
            if sent < bytes.count { break }
        }
        return actions
    }

    private mutating func endIfDrained() -> [Action] {
        guard isDraining, held.isEmpty, !hasEnded else { return [] }
        return end(ending, saying: [])
    }

    private mutating func end(_ outcome: Outcome, saying words: [Action]) -> [Action] {
        guard !hasEnded else { return [] }
        hasEnded = true
        held = []
        let cancel = computing.map { [Action.cancelCompute($0)] } ?? []
        return cancel + words + [.sayGoodbye, .end(outcome)]
    }
}
