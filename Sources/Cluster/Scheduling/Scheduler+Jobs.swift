import Inputs
import Wire

extension Scheduler {
    /// What the store knows about a shard.
    public struct StoredShard: Sendable, Hashable {
        /// Highest epoch ever handed out; 0 for none.
        public var epoch: Int
        /// Who got that epoch.
        public var holder: InstanceID?
        public var committed: Commit?
        /// Why it was given up.
        public var quarantined: InputError?
        /// How its verification went, once it is over.
        public var verification: Verification?
        /// A result that differs from the committed one, kept until a third decides.
        public var challenge: Challenge?
        /// Whether workers have ever disagreed about it.
        public var wasDisputed: Bool

        /// A committed result.
        public struct Commit: Sendable, Hashable {
            public var digest: Digest
            public var epoch: Int
            public var author: Author

            /// Makes a commit.
            public init(digest: Digest, epoch: Int, author: Author) {
                self.digest = digest
                self.epoch = epoch
                self.author = author
            }
        }

        /// Who computed a result that differs from the committed one, and how it differs.
        public struct Challenge: Sendable, Hashable {
            public var author: Author
            public var what: String

            /// Makes a challenge.
            public init(author: Author, what: String) {
                self.author = author
                self.what = what
            }
        }

        /// Makes a shard's stored state.
        public init(
            epoch: Int = 0, holder: InstanceID? = nil, committed: Commit? = nil, quarantined: InputError? = nil,
            verification: Verification? = nil, challenge: Challenge? = nil, wasDisputed: Bool = false
        ) {
            self.epoch = epoch
            self.holder = holder
            self.committed = committed
            self.quarantined = quarantined
            self.verification = verification
            self.challenge = challenge
            self.wasDisputed = wasDisputed
        }
    }

    /// Takes up a job: after planning, after a restart, or for a retry. If `mayBeHeld`, as after a restart, shards that were
    /// handed out wait a while for their holders.
    ///
    /// A job that was submitted later has a higher `order`. `verified` are the shards to be computed twice. All results of a
    /// pinned job must be of one number system, which is `numberSystem` if leases were given before.
    public mutating func jobReady(
        _ id: JobID, order: Int, shards: [StoredShard], verified: Set<Int> = [], isPinned: Bool = false,
        numberSystem: String? = nil, mayBeHeld: Bool = true, at now: Double
    ) -> [Action] {
        guard jobs[id]?.isRunning != true else { return [] }
        var job = Job(states: [], epochs: shards.map(\.epoch))
        (job.isPinned, job.numberSystem) = (isPinned, numberSystem)
        job.verified = verified
        for (index, shard) in shards.enumerated() {
            if let holder = shard.holder { job.givenTo[LeaseKey(shard: index, epoch: shard.epoch)] = holder }
            if let commit = shard.committed {
                job.states.append(.committed(commit.digest, epoch: commit.epoch, by: commit.author))
                job.committed += 1
                job.committers.insert(commit.author)
            } else if let error = shard.quarantined {
                job.states.append(.quarantined(error))
                job.quarantined += 1
            } else {
                let isKept = mayBeHeld && shard.epoch > 0
                // What nobody may have can be given out to whoever asked before the job was ready, too.
                job.states.append(.waiting(notBefore: isKept ? now + policy.graceSeconds : -.infinity))
                job.queue.append(index)
                if isKept, let holder = shard.holder { job.kept[holder, default: []].append(index) }
            }
            if shard.wasDisputed { job.disputed.insert(index) }
            let isToVerify = verified.contains(index) && shard.verification == nil
            if isToVerify { job.toVerify.insert(index) }
            guard let commit = shard.committed else { continue }
            if let challenge = shard.challenge {
                job.checks[index] = Check(
                    seen: [commit.author, challenge.author], challenger: (challenge.author, challenge.what))
            } else if isToVerify {
                job.checks[index] = Check(seen: [commit.author])
            }
        }
        job.queue.reverse()
        jobs[id] = job
        openByOrder.insert((order, id), at: openByOrder.firstIndex { $0.order > order } ?? openByOrder.endIndex)
        return finishIfDone(id, at: now) + grantWaiting(at: now)
    }

    /// Shards of a job by where they stand.
    public struct ShardCounts: Sendable, Hashable {
        public var waiting = 0
        public var leased = 0
        public var committing = 0
        public var committed = 0
        public var quarantined = 0
    }

    /// How many shards stand where, for each job that runs.
    public func shardCounts() -> [JobID: ShardCounts] {
        var all: [JobID: ShardCounts] = [:]
        for (_, id) in openByOrder {
            guard let at = jobs.index(forKey: id) else { continue }
            var counts = ShardCounts()
            counts.waiting = jobs.values[at].queue.count
            counts.committed = jobs.values[at].committed
            counts.quarantined = jobs.values[at].quarantined
            counts.committing = jobs.values[at].committing
            counts.leased = jobs.values[at].leased
            all[id] = counts
        }
        return all
    }

    /// Somebody called the job off.
    public mutating func cancel(_ id: JobID, at now: Double) -> [Action] {
        end(id, reason: "the job was cancelled") + grantWaiting(at: now)
    }

    /// Ends a job once all its shards are committed or quarantined, and verified as far as the job wants it. A job in which
    /// nothing succeeds fails.
    mutating func finishIfDone(_ id: JobID, at now: Double) -> [Action] {
        guard let at = jobs.index(forKey: id), jobs.values[at].isRunning else { return [] }
        let isHopeless = jobs.values[at].committed == 0 && jobs.values[at].quarantined >= policy.mostFailures
        guard jobs.values[at].isSettled || isHopeless else {
            jobs.values[at].settledAt = nil
            return []
        }
        var missing: [Int: InputError] = [:]
        for (shard, state) in jobs.values[at].states.enumerated() {
            if case .quarantined(let error) = state { missing[shard] = error }
        }
        if jobs.values[at].committed == 0, let error = missing.min(by: { $0.key < $1.key })?.value {
            return fail(id, error)
        }
        if jobs.values[at].settledAt == nil { jobs.values[at].settledAt = now }
        guard jobs.values[at].checks.isEmpty else { return [] }
        jobs.values[at].state = .complete
        openByOrder.removeAll { $0.id == id }
        forgetUnfitness(for: id)
        return [.finishJob(id, missing: missing)]
    }

    /// The job fails: its leases end.
    mutating func fail(_ id: JobID, _ error: InputError) -> [Action] {
        guard jobs[id]?.isRunning == true else { return [] }
        return [.failJob(id, error)] + end(id, reason: "the job failed")
    }

    /// Takes back all leases of a job that goes no further; results on their way will be rejected.
    private mutating func end(_ id: JobID, reason: String) -> [Action] {
        guard let job = jobs[id], job.isRunning else { return [] }
        change(id) {
            $0.state = .over(reason: reason)
            $0.queue = []
            $0.checks = [:]
        }
        openByOrder.removeAll { $0.id == id }
        forgetUnfitness(for: id)
        var actions: [Action] = []
        for (shard, state) in job.states.enumerated() {
            for grant in job.grants(of: shard) {
                let lease = LeaseID(job: id, shard: shard, epoch: grant.epoch)
                drop(lease, from: grant.worker)
                actions.append(.revoke(lease, from: grant.worker, reason: reason))
            }
            guard case .committing(let committing) = state else { continue }
            // Nobody is answered when the commit ends, so everybody is told now.
            for claim in committing.claims {
                drop(claim.lease, from: claim.worker)
                actions.append(.reject(claim.lease, to: claim.worker, reason: reason))
            }
        }
        return actions
    }
}
