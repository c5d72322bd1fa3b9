import Inputs

/// What the command line asks of the coordinator.
public enum OperatorRequest: Sendable, Hashable {
    /// Starts a job. `specFile` names the spec in errors, `folder` is what its relative paths are relative to.
    case submit(specText: String, specFile: String, folder: String)
    case list
    case show(JobID)
    case cancel(JobID)
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
    /// Ended with a bundle that lacks some shards.
    case partial
    case failed
    case cancelled
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
    /// Why the job failed.
    public var error: InputError?
    /// Seconds since 1970.
    public var submitted: Int

    /// Makes a summary.
    public init(
        id: JobID, name: String, state: JobState, shardsDone: Int, shardsTotal: Int, tokensDone: Int, tokensTotal: Int,
        error: InputError?, submitted: Int
    ) {
        self.id = id
        self.name = name
        self.state = state
        self.shardsDone = shardsDone
        self.shardsTotal = shardsTotal
        self.tokensDone = tokensDone
        self.tokensTotal = tokensTotal
        self.error = error
        self.submitted = submitted
    }
}

/// A job and who works on it now.
public struct JobDetail: Sendable, Hashable {
    public var summary: JobSummary
    public var workers: [WorkerSummary]

    /// Makes the details.
    public init(summary: JobSummary, workers: [WorkerSummary]) {
        self.summary = summary
        self.workers = workers
    }
}

/// How well the coordinator hears a worker.
public enum WorkerState: String, Sendable, Hashable, CaseIterable {
    case alive
    /// Late with its renewals: gets no new work.
    case torpid
    case lost
}

/// A worker in a list.
public struct WorkerSummary: Sendable, Hashable {
    public var name: String
    public var host: String
    public var instructionSet: String
    public var state: WorkerState
    /// The shard it computes.
    public var shard: Int?

    /// Makes a summary.
    public init(name: String, host: String, instructionSet: String, state: WorkerState, shard: Int?) {
        self.name = name
        self.host = host
        self.instructionSet = instructionSet
        self.state = state
        self.shard = shard
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
