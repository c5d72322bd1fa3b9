import Synchronization

/// How far a computation is, and whether anybody still wants it: shared between the compute thread and the rest.
public final class ComputeProgress: Sendable {
    private let steps = Atomic<UInt64>(0)
    private let cancelled = Atomic(false)

    /// Nothing done, not cancelled.
    public init() {}

    /// Says that the computation got on by a step, whatever that is. A worker whose count stands still is stuck.
    public func advance() { steps.add(1, ordering: .relaxed) }

    /// Says that the computation got on by a step; throws `CancellationError` where nobody wants it any more.
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
