import Inputs
import Wire
import Work

/// The tasks that a worker has: a task comes once, with the first lease that needs it.
struct KnownTasks: Sendable {
    /// Least recently needed first.
    private var tasks: [(digest: Digest, task: Payload)] = []

    /// Digests of all tasks.
    var digests: [Digest] { tasks.map(\.digest) }

    /// The lease with its task; nil if the task is not known. A task that comes with the lease is kept.
    mutating func complete(_ lease: Lease) -> Lease? {
        guard let task = lease.task ?? tasks.first(where: { $0.digest == lease.taskDigest })?.task else { return nil }
        tasks.removeAll { $0.digest == lease.taskDigest }
        tasks.append((lease.taskDigest, task))
        if tasks.count > WireLimits.tasks { tasks.removeFirst() }
        var whole = lease
        whole.task = task
        return whole
    }
}
