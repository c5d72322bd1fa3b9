import Synchronization

/// Tells a plan or fold under way that nobody wants it any more, from any thread.
public final class StopSignal: Sendable {
    private struct State {
        var isStopped = false
        var action: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Not stopped.
    public init() {}

    /// Whether `stop` was called.
    public var isStopped: Bool { state.withLock(\.isStopped) }

    /// Asks it to end.
    public func stop() {
        let action = state.withLock { state in
            state.isStopped = true
            return state.action
        }
        action?()
    }

    /// Has `action` called when it is asked to end, also if that was before. There is one action at a time.
    public func whenStopped(_ action: @escaping @Sendable () -> Void) {
        let isStopped = state.withLock { state in
            state.action = action
            return state.isStopped
        }
        if isStopped { action() }
    }

    /// Throws `Stopped` after it was asked to end.
    public func check() throws {
        if isStopped { throw Stopped() }
    }

    /// Nobody wants the outcome any more.
    public struct Stopped: Error {}
}
