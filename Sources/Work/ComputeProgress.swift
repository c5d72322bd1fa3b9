import Synchronization

/// Progress of a computation, and whether it is cancelled. Shared by the compute thread and others.
public final class ComputeProgress: Sendable {
    private let steps = Atomic<UInt64>(0)
    private let cancelled = Atomic(false)

    /// Nothing done, not cancelled.
    public init() {}

    /// Counts a step of the computation, of any size. A worker whose count stands still is stuck.
    public func advance() { steps.add(1, ordering: .relaxed) }

    /// Counts a step of the computation; throws `CancellationError` if it was cancelled.
    public func step() throws {
        advance()
        if isCancelled { throw CancellationError() }
    }

    /// Steps so far.
    public var count: UInt64 { steps.load(ordering: .relaxed) }

    /// Whether to stop at the next opportunity, by throwing `CancellationError`.
    public var isCancelled: Bool { cancelled.load(ordering: .relaxed) }

    /// Asks the computation to stop.
    public func cancel() { cancelled.store(true, ordering: .relaxed) }
}
