import Inputs
import Wire
import Work

/// The tasks that a worker has: a task comes once, with the first lease that needs it.
struct KnownTasks: Sendable {
    /// The one that was needed last stands last.
    private var tasks: [(digest: Digest, task: Payload)] = []

    /// Digests of all tasks.
    var digests: [Digest] { tasks.map(\.digest) }

    /// The lease with its task, which is kept if it came with it; nil where the task is not known.
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
