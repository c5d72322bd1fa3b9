import Dispatch
import Kernels
import Synchronization

/// Where one thread waits for what others do.
final class Sleeper: Sendable {
    private let isAsleep = Atomic(false)
    private let bell = DispatchSemaphore(value: 0)

    /// Returns when `isDone`, which others must make true before they call `wake`; looks `spins` times before it sleeps.
    ///
    /// `isDone` must read, and others must write, with sequential consistency: then either this thread sees the write, or
    /// the writer sees that it sleeps.
    func wait(spins: Int, until isDone: () -> Bool) {
        for _ in 0..<spins {
            if isDone() { return }
            kernels_thread_pause()
        }
        while !isDone() {
            isAsleep.store(true, ordering: .sequentiallyConsistent)
            // If `wake` has taken the flag back in between, it rings the bell. That ring is consumed here, so that it
            // cannot end a later wait.
            if isDone(), isAsleep.exchange(false, ordering: .sequentiallyConsistent) { return }
            bell.wait()
        }
    }

    /// Has the thread look again.
    func wake() {
        if isAsleep.exchange(false, ordering: .sequentiallyConsistent) { bell.signal() }
    }
}
