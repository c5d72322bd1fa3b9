import Inputs
import Wire

extension Scheduler {
    /// A worker process.
    struct Worker: Sendable {
        /// The author of its results.
        var author: Author
        /// What decides how its numbers are rounded.
        var numberSystem: String
        /// Leases that it wants to hold at a time: one to compute, and the next.
        var slots: Int
        var held: Set<LeaseID> = []
        /// The lease that it was computing at its last renewal.
        var running: LeaseID?
        /// Leases that it was computing then, or had computed.
        var begun: Set<LeaseID> = []
        var progress: UInt64 = 0
        var progressedAt = 0.0
        var lastHeard: Double
        /// Shards that failed here since the last one that succeeded.
        var failedInRow: Set<ShardKey> = []
        /// Jobs that it cannot do.
        var unfit: [JobID: Unfitness] = [:]
        /// Was told to leave.
        var isDismissed = false
    }

    /// Why a worker cannot do a job, and when it is asked again.
    struct Unfitness: Sendable {
        var error: InputError
        var until: Double
    }

    /// A shard of any job.
    struct ShardKey: Sendable, Hashable {
        var job: JobID
        var shard: Int
    }

    /// A living lease of a shard.
    struct Grant: Sendable, Hashable {
        var worker: InstanceID
        var epoch: Int
        /// When it was given; from the moment that its worker begins to compute, that moment.
        var since: Double
        var deadline: Double
    }

    /// A result whose worker waits for an answer.
    struct Claim: Sendable, Hashable {
        var worker: InstanceID
        var author: Author
        var lease: LeaseID
    }

    /// Where a shard stands.
    enum ShardState: Sendable {
        /// To be handed out, but not before a time: a worker from before a restart may still hold it.
        case waiting(notBefore: Double)
        /// With one worker, or with two at the end of a job.
        case leased([Grant])
        /// A result is being stored.
        case committing(Committing)
        /// Done, by the lease of that epoch.
        case committed(Digest, epoch: Int, by: Author)
        /// Given up.
        case quarantined(InputError)
    }

    /// A result on its way into the store.
    struct Committing: Sendable {
        var digest: Digest
        /// Who delivered it; the first of them is its author.
        var claims: [Claim]
        /// `Grant.since` of the first one's lease; nil if that lease had ended.
        var since: Double?
        /// Leases for the shard that still live.
        var grants: [Grant]
        /// Workers that sent a different result meanwhile. They are asked to send it again.
        var others: [InstanceID] = []
    }

    /// What went wrong with a shard so far.
    struct Trouble: Sendable {
        var failures: [InstanceID] = []
        var losses = 0
        /// Set once it has failed often enough on all workers there are: since when it waits for another worker, and the error
        /// if none comes.
        var lastResort: (since: Double, error: InputError)?
    }

    /// A committed shard that is to be computed again and compared.
    struct Check: Sendable {
        var grant: Grant?
        /// Those who have computed it, or failed to.
        var seen: [Author]
        /// Who disagrees with the committed result, and how.
        var challenger: (author: Author, what: String)?
        var failures = 0
    }

    /// A lease within its job.
    struct LeaseKey: Sendable, Hashable {
        var shard: Int
        var epoch: Int

        init(shard: Int, epoch: Int) {
            self.shard = shard
            self.epoch = epoch
        }

        init(_ lease: LeaseID) {
            self.init(shard: lease.shard, epoch: lease.epoch)
        }
    }

    /// A job's shards.
    struct Job: Sendable {
        enum State: Sendable {
            case running
            case complete
            case over(reason: String)
        }
        var state: State = .running
        var states: [ShardState]
        /// Highest epoch ever handed out, by shard.
        var epochs: [Int]
        /// Whose every lease is or was, unless it was handed back: nobody else may deliver its result. After a restart only the
        /// last lease of each shard is known.
        var givenTo: [LeaseKey: InstanceID] = [:]
        var troubles: [Int: Trouble] = [:]
        /// Waiting shards by descending index, so that the next one is the last.
        var queue: [Int] = []
        /// Shards that are kept for workers from before a restart, until these say hello.
        var kept: [InstanceID: [Int]] = [:]
        var committed = 0
        var committing = 0
        var quarantined = 0
        /// Shards that the job wants verified, and those among them that are not yet.
        var verified: Set<Int> = []
        var toVerify: Set<Int> = []
        var checks: [Int: Check] = [:]
        /// Shards about which workers disagreed.
        var disputed: Set<Int> = []
        /// Those who committed shards.
        var committers: Set<Author> = []
        /// Whether all results must be of one number system, and which one it is, once there is a lease.
        var isPinned = false
        var numberSystem: String?
        /// Mean seconds from lease to result, of the last few dozen shards.
        var meanSeconds: Double?
        /// Since when no shard waits for its first result.
        var settledAt: Double?

        var isRunning: Bool { if case .running = state { true } else { false } }
        var isSettled: Bool { committed + quarantined == states.count }
        /// Shards that somebody computes.
        var leased: Int { states.count - queue.count - committed - committing - quarantined }

        /// Puts a shard among the waiting ones.
        mutating func enqueue(_ shard: Int, notBefore: Double) {
            states[shard] = .waiting(notBefore: notBefore)
            queue.insert(shard, at: place(of: shard))
        }

        /// Takes a shard from the waiting ones.
        mutating func dequeue(_ shard: Int) {
            let at = place(of: shard)
            guard at < queue.count, queue[at] == shard else { return }
            queue.remove(at: at)
        }

        /// Whether the time of the waiting shard at a place of the queue has come.
        func mayLeave(queuePosition: Int, at now: Double) -> Bool {
            guard case .waiting(let notBefore) = states[queue[queuePosition]] else { return false }
            return notBefore <= now
        }

        /// Where the shard is, or would be, in the queue.
        private func place(of shard: Int) -> Int {
            var low = 0
            var high = queue.count
            while low < high {
                let middle = (low + high) / 2
                if queue[middle] > shard { low = middle + 1 } else { high = middle }
            }
            return low
        }

        /// The living leases of a shard, that of its verification among them.
        func grants(of shard: Int) -> [Grant] {
            let check = checks[shard]?.grant.map { [$0] } ?? []
            switch states[shard] {
            case .leased(let grants): return grants + check
            case .committing(let committing): return committing.grants + check
            case .waiting, .committed, .quarantined: return check
            }
        }

        /// Whether the worker holds this lease.
        func isHeld(_ lease: LeaseID, by worker: InstanceID) -> Bool {
            grants(of: lease.shard).contains { $0.worker == worker && $0.epoch == lease.epoch }
        }

        /// Ends a living lease. If it was the last one of its shard, the shard waits again.
        mutating func removeGrant(_ lease: LeaseID, of worker: InstanceID, notBefore: Double) {
            func isIt(_ grant: Grant) -> Bool { grant.worker == worker && grant.epoch == lease.epoch }
            if checks[lease.shard]?.grant.map(isIt) == true { checks[lease.shard]?.grant = nil }
            switch states[lease.shard] {
            case .leased(var grants):
                guard grants.contains(where: isIt) else { return }
                grants.removeAll(where: isIt)
                if grants.isEmpty {
                    enqueue(lease.shard, notBefore: notBefore)
                } else {
                    states[lease.shard] = .leased(grants)
                }
            case .committing(var committing):
                committing.grants.removeAll(where: isIt)
                states[lease.shard] = .committing(committing)
            case .waiting, .committed, .quarantined:
                break
            }
        }

        /// Moves the deadline of a living lease; false where there is none.
        mutating func extendGrant(_ lease: LeaseID, of worker: InstanceID, to deadline: Double) -> Bool {
            if let grant = checks[lease.shard]?.grant, grant.worker == worker, grant.epoch == lease.epoch {
                checks[lease.shard]?.grant?.deadline = deadline
                return true
            }
            guard case .leased(var grants) = states[lease.shard],
                let at = grants.firstIndex(where: { $0.worker == worker && $0.epoch == lease.epoch })
            else { return false }
            grants[at].deadline = deadline
            states[lease.shard] = .leased(grants)
            return true
        }
    }
}
