import Synchronization

/// Whether a loop still turns: the loop beats, others look how long ago that was.
public final class Heartbeat: Sendable {
    /// Seconds without a beat after which the loop counts as stuck.
    public let limit: Double
    private let start = ContinuousClock.now
    /// Nanoseconds since `start`.
    private let last = Atomic<Int64>(0)

    /// Counts from now.
    public init(limit: Double) {
        self.limit = limit
    }

    /// Says that the loop turns.
    public func beat() { last.store(elapsed, ordering: .relaxed) }

    /// Seconds since the last beat.
    public var silence: Double { max(0, Double(elapsed - last.load(ordering: .relaxed)) * 1e-9) }

    private var elapsed: Int64 {
        let (seconds, attoseconds) = start.duration(to: .now).components
        return seconds * 1_000_000_000 + attoseconds / 1_000_000_000
    }
}
