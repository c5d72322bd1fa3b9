import Inputs

/// What the command line asks of the coordinator.
public enum OperatorRequest: Sendable, Hashable {
    /// Starts a job. `kind` and `name` are those of the job file, which the coordinator itself does not read. `specFile` names
    /// the spec in errors, `folder` is what its relative paths are relative to. `ticket` is drawn for each submission: sent
    /// again with the same one, because no answer came, it names the same job.
    case submit(
        ticket: InstanceID, kind: String, name: String, specText: String, specFile: String, folder: String)
    case list
    case show(JobID)
    case cancel(JobID)
    /// Has what a partial or failed job lacks computed.
    case retry(JobID)
    /// Removes a job that has ended, with everything of it.
    case remove(JobID)
    /// Removes jobs that ended more than so many seconds ago, `WireLimits.rows` at most; or only names them.
    case prune(olderThan: Int, isTrial: Bool)
    /// The life of one shard.
    case story(JobID, shard: Int)
    /// The workers that the coordinator knows.
    case workers
    /// The files of a finished job's bundle.
    case bundleFiles(JobID)
    /// Up to `WireLimits.fileBytes` bytes of one of them.
    case fetch(JobID, file: String, offset: Int)
}

/// What the coordinator answers.
public enum OperatorReply: Sendable, Hashable {
    case submitted(JobID)
    case jobs([JobSummary])
    case job(JobDetail)
    case cancelled
    /// Shards that are to be computed; nil where the job is planned anew.
    case retrying(shards: Int?)
    case removed
    case story([StoryLine])
    case workers([WorkerSummary])
    case files([BundleFile])
    /// A piece of a file of `total` bytes.
    case bytes([UInt8], total: Int)
    case failure(InputError)
}

/// Where a job stands.
public enum JobState: String, Sendable, Hashable, CaseIterable {
    case planning
    case running
    case done
    /// Folded, but for shards that could not be computed.
    case partial
    case failed
    case cancelled

    /// Whether a job in this state has a bundle.
    public var hasBundle: Bool { self == .done || self == .partial }
}

/// A job in a list.
public struct JobSummary: Sendable, Hashable {
    public var id: JobID
    public var name: String
    public var state: JobState
    public var shardsDone: Int
    public var shardsTotal: Int
    public var tokensDone: Int
    public var tokensTotal: Int
    /// Shards that could not be computed.
    public var quarantined: Int
    /// Why the job failed; nil in lists, where it would take too much room.
    public var error: InputError?
    /// Seconds since 1970.
    public var submitted: Int

    /// Makes a summary.
    public init(
        id: JobID, name: String, state: JobState, shardsDone: Int, shardsTotal: Int, tokensDone: Int, tokensTotal: Int,
        quarantined: Int, error: InputError?, submitted: Int
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.shardsDone = shardsDone
        self.shardsTotal = shardsTotal
        self.tokensDone = tokensDone
        self.tokensTotal = tokensTotal
        self.quarantined = quarantined
        self.error = error
        self.submitted = submitted
    }
}

/// A job, what became of its shards, and who works on it now.
public struct JobDetail: Sendable, Hashable {
    public var summary: JobSummary
    /// At most `WireLimits.listedShards`; `summary.quarantined` is the true number.
    public var quarantined: [QuarantinedShard]
    public var verification: VerificationCount
    /// The number system that all of its results must be of; nil where any will do.
    public var numberSystem: String?
    /// Those that hold leases of it, and those that cannot do it.
    public var workers: [WorkerSummary]

    /// Makes the details.
    public init(
        summary: JobSummary, quarantined: [QuarantinedShard], verification: VerificationCount, numberSystem: String?,
        workers: [WorkerSummary]
    ) {
        self.summary = summary
        self.quarantined = quarantined
        self.verification = verification
        self.numberSystem = numberSystem
        self.workers = workers
    }
}

/// A shard that could not be computed, and the last thing that went wrong with it.
public struct QuarantinedShard: Sendable, Hashable {
    public var shard: Int
    public var error: InputError

    /// Makes an entry.
    public init(shard: Int, error: InputError) {
        self.shard = shard
        self.error = error
    }
}

/// How many shards of a job are to be computed a second time, and how that went.
public struct VerificationCount: Sendable, Hashable {
    /// What the job asks for.
    public var wanted: Int
    /// Computed twice, with the same outcome.
    public var agreed: Int
    /// Computed twice, with different outcomes, until a third computation decided.
    public var disagreed: Int
    /// Given up for want of a second worker.
    public var skipped: Int
    /// Those whose results agree: keys, or worker processes where there are no keys.
    public var voices: Int

    /// Makes a count.
    public init(wanted: Int = 0, agreed: Int = 0, disagreed: Int = 0, skipped: Int = 0, voices: Int = 0) {
        self.voices = voices
        self.wanted = wanted
        self.agreed = agreed
        self.disagreed = disagreed
        self.skipped = skipped
    }
}

/// Something that happened to a shard.
public struct StoryLine: Sendable, Hashable {
    /// Milliseconds since 1970.
    public var at: Int
    /// 0 for what concerns no lease.
    public var epoch: Int
    /// Such as `leased` or `committed`.
    public var event: String
    /// The worker's name; empty where none was concerned.
    public var worker: String
    public var reason: String

    /// Makes a line.
    public init(at: Int, epoch: Int, event: String, worker: String, reason: String) {
        self.at = at
        self.epoch = epoch
        self.event = event
        self.worker = worker
        self.reason = reason
    }
}

/// How well the coordinator hears a worker.
public enum WorkerState: String, Sendable, Hashable, CaseIterable {
    case alive
    /// Silent, or its computation stands still: gets no new work.
    case torpid
    /// On its way out: hands in what it has.
    case draining
}

/// A worker in a list.
public struct WorkerSummary: Sendable, Hashable {
    public var name: String
    public var host: String
    public var numberSystem: String
    public var state: WorkerState
    /// Leases that it holds.
    public var leases: Int
    /// The shard it computes, and whose.
    public var running: LeaseID?
    /// Jobs that it cannot do, `WireLimits.tasks` at most.
    public var unfit: [Unfitness]

    /// Why a worker cannot do a job.
    public struct Unfitness: Sendable, Hashable {
        public var job: JobID
        public var error: InputError

        /// Makes an entry.
        public init(job: JobID, error: InputError) {
            self.job = job
            self.error = error
        }
    }

    /// Makes a summary.
    public init(
        name: String, host: String, numberSystem: String, state: WorkerState, leases: Int, running: LeaseID?,
        unfit: [Unfitness] = []
    ) {
        self.name = name
        self.host = host
        self.numberSystem = numberSystem
        self.state = state
        self.leases = leases
        self.running = running
        self.unfit = unfit
    }
}

/// A file of a result bundle.
public struct BundleFile: Sendable, Hashable {
    /// Relative to the bundle's folder.
    public var name: String
    /// Bytes.
    public var size: Int
    public var digest: Digest

    /// Makes an entry.
    public init(name: String, size: Int, digest: Digest) {
        self.name = name
        self.size = size
        self.digest = digest
    }
}
