import Inputs

/// Where a worker computes, and what it may use.
public struct WorkerPlace: Sendable {
    /// What it may open.
    public var roots: ModelRoots
    public var digests: DigestCache
    public var threads: Int
    /// Limit of its memory in bytes.
    public var memory: Int
    /// Called with a line of text each time the plan of memory changes.
    public var memoryPlanned: @Sendable (String) -> Void

    /// Describes a place.
    public init(
        roots: ModelRoots, digests: DigestCache, threads: Int, memory: Int,
        memoryPlanned: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.roots = roots
        self.digests = digests
        self.threads = threads
        self.memory = memory
        self.memoryPlanned = memoryPlanned
    }
}
