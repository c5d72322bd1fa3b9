/// Where the fault lies when a shard could not be computed.
public enum FailureCause: String, Sendable, Hashable, CaseIterable {
    /// In the shard's own inputs: it would fail on any worker.
    case shard
    /// With this worker, which cannot do the job: files that it lacks, or memory. Another one may be able to.
    case worker
    /// Nobody knows: the shard is tried elsewhere.
    case unknown
}
