import Inputs
import Wire

/// Who computes which shard: jobs, workers and leases as a value without clock, files or sockets.
///
/// Events are mutating methods that take the time where it matters (seconds of a monotonic clock) and return what is to
/// be done, in that order. Execution is at least once, effect exactly once: a shard may be computed by several workers,
/// the first committed result counts, and a later one is only compared with it.
public struct Scheduler: Sendable {
    public let policy: Policy
    var jobs: [JobID: Job] = [:]
    /// Jobs with shards to compute, in the order of submission.
    var open: [JobID] { openByOrder.map(\.id) }
    var openByOrder: [(order: Int, id: JobID)] = []
    var workers: [InstanceID: Worker] = [:]
    /// Workers that may be given another lease.
    var spare: Set<InstanceID> = []
    /// Those whose numbers were found wrong.
    var convicted: Set<Author>
    /// Whether leases are handed out; not while the coordinator drains.
    var isGranting = true

    /// Makes a scheduler without jobs or workers. `convicted` are those whose numbers were found wrong before.
    public init(policy: Policy = Policy(), convicted: Set<Author> = []) {
        self.policy = policy
        self.convicted = convicted
    }

    /// Changes a job in place; nil for one that is not known. Copying a job to change it would copy all its shards.
    mutating func change<Outcome>(_ id: JobID, _ body: (inout Job) -> Outcome) -> Outcome? {
        guard let at = jobs.index(forKey: id) else { return nil }
        return body(&jobs.values[at])
    }

    /// Whether the job is known, runs, and has such a shard.
    func isRunning(_ id: JobID, shard: Int) -> Bool {
        guard let at = jobs.index(forKey: id) else { return false }
        return jobs.values[at].isRunning && jobs.values[at].states.indices.contains(shard)
    }
}

extension Scheduler {
    /// The rules' numbers.
    public struct Policy: Sendable, Hashable {
        /// How long a computation may stand still unless told otherwise; the coordinator's configuration has it from here.
        public static let defaultStallSeconds = 1800.0

        /// How long a lease lives without renewal, and a worker without a word.
        public var leaseSeconds: Double
        /// How long after a restart a shard that was handed out is kept for the worker that may still hold it.
        public var graceSeconds: Double
        /// Different workers on which a shard may fail before it is quarantined.
        public var mostFailures = 3
        /// Workers that may vanish while they run one shard before it is quarantined. A shard that kills its workers must not
        /// go on doing so, but nodes also vanish for other reasons.
        public var mostLosses = 5
        /// Shards that may fail on a worker in a row, while others get on with the same job, before it is dismissed.
        public var mostFailuresInRow = 3
        /// How long a computation may stand still.
        public var stallSeconds: Double
        /// A shard at the end of a job is given out twice once it has taken this many times the mean.
        public var speculationFactor = 2.0
        /// How long a job with nothing else left to do waits for a worker that could verify a shard. A shard that failed often
        /// enough on all workers there are waits as long for another one.
        public var verifySeconds: Double
        /// How long a worker that cannot do a job gets none of its shards. Then it is tried again, because somebody may have
        /// mended the reason.
        public var unfitSeconds = 300.0

        /// Makes a policy.
        public init(
            leaseSeconds: Double = 60, graceSeconds: Double = 60, stallSeconds: Double = defaultStallSeconds,
            verifySeconds: Double = 120
        ) {
            self.leaseSeconds = leaseSeconds
            self.graceSeconds = graceSeconds
            self.stallSeconds = stallSeconds
            self.verifySeconds = verifySeconds
        }
    }

    /// Why a shard is handed out.
    public enum Purpose: String, Sendable, Hashable {
        case first
        /// An earlier lease came to nothing.
        case again
        /// Another lease for it still lives, but takes long.
        case speculation
        /// To be compared with the committed result.
        case verification
    }

    /// What is to be done.
    public enum Action: Sendable, Hashable {
        /// Store the epoch, then send the lease.
        case grant(LeaseID, to: InstanceID, Purpose)
        /// Store the result that came with this lease, then say `commitFinished` or `commitFailed`.
        case commit(LeaseID, Digest)
        /// Compare the result that came with this lease with the committed one and, if `challenger` is true, with the
        /// challenger's, which was kept; then say `compared`.
        case compare(LeaseID, from: InstanceID, challenger: Bool)
        /// Store the result that came with this lease, which differs from the committed one. A third computation will be
        /// compared with both.
        case keepChallenge(LeaseID, by: Author, what: String)
        /// Forget the result that was kept.
        case dropChallenge(JobID, shard: Int)
        /// Store that this author's numbers were found wrong.
        case convict(Author, what: String)
        /// Store that all results of the job must be of this number system.
        case pin(JobID, numberSystem: String)
        /// Tell the worker that its shard has a stored result, so that it may forget its own.
        case acknowledge(LeaseID, to: InstanceID)
        /// Tell the worker to drop its result.
        case reject(LeaseID, to: InstanceID, reason: String)
        /// Tell the worker not to go on with the shard.
        case revoke(LeaseID, from: InstanceID, reason: String)
        /// Ask a worker to say hello; after that it sends its results again.
        case askWho(InstanceID)
        /// Tell the worker to leave.
        case dismiss(InstanceID, reason: String, atOnce: Bool)
        /// Store that the shard is given up.
        case quarantine(JobID, shard: Int, InputError)
        /// Store how the verification of the shard went, and whose results agree.
        case noteVerification(JobID, shard: Int, Verification, by: [Author])
        /// Take back the stored results of these shards: they will be computed again.
        case retract(JobID, shards: [Int])
        /// All shards except the missing are committed: fold them.
        case finishJob(JobID, missing: [Int: InputError])
        /// The job cannot be finished.
        case failJob(JobID, InputError)
        /// Something a person may want to know; changes nothing.
        case record(Incident)
    }

    /// How the verification of a shard ended.
    public enum Verification: String, Sendable, Hashable, CaseIterable {
        case agreed
        /// A third computation decided.
        case disagreed
        /// There was nobody to do it.
        case skipped
    }

    /// What happened to a lease or a worker, for log and story.
    public enum Incident: Sendable, Hashable {
        case leaseExpired(LeaseID, InstanceID, wasRunning: Bool)
        case shardFailed(LeaseID, InstanceID, InputError)
        /// The worker cannot do the lease's job.
        case unfit(LeaseID, InstanceID, InputError)
        case workerLost(InstanceID, name: String, leases: [LeaseID])
        /// The worker answers, but its computation does not get on.
        case stalled(LeaseID, InstanceID, seconds: Double)
        /// Two workers computed one shard with different outcomes.
        case disputed(LeaseID, committer: String, challenger: String, what: String)
        /// A third computation says whose numbers are wrong.
        case convicted(Author, LeaseID, witnesses: [String], what: String)
        /// The stored result of the shard is damaged: the shard is computed again.
        case damaged(LeaseID)
        /// A result could not be compared with the committed one, which stays.
        case notCompared(LeaseID, InstanceID)
        /// A result for a shard of a job that has ended differs from the one that was folded.
        case lateDifference(LeaseID, InstanceID, what: String)
    }
}
