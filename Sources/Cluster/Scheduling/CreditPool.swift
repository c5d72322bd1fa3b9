import Wire

/// Room for results on their way in, shared by all workers, so that the coordinator's memory is bounded for any number of them.
///
/// A worker may always send the beginning of a result. The rest waits until there is room for the whole of it, first come,
/// first served. A result larger than the whole pool comes alone.
struct CreditPool: Sendable {
    private let capacity: Int
    private var reserved: [InstanceID: Int] = [:]
    private var queue: [(worker: InstanceID, bytes: Int, since: Double)] = []
    /// Bytes of results that may come in now.
    private(set) var reservedBytes = 0

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Whether the worker may send the rest of its result.
    func isAdmitted(_ worker: InstanceID) -> Bool { reserved[worker] != nil }

    /// Asks for room for a worker's result; false where it has to wait.
    mutating func reserve(_ bytes: Int, for worker: InstanceID, at now: Double) -> Bool {
        release(worker)
        if queue.isEmpty, fits(bytes) {
            admit(worker, bytes)
            return true
        }
        queue.append((worker, bytes, now))
        return false
    }

    /// Gives a worker's room back, or its place in the queue.
    mutating func release(_ worker: InstanceID) {
        reservedBytes -= reserved.removeValue(forKey: worker) ?? 0
        queue.removeAll { $0.worker == worker }
    }

    /// Workers for whose results there is room now, with the time that each has waited.
    mutating func admitWaiting(at now: Double) -> [(worker: InstanceID, waited: Double)] {
        var admitted: [(worker: InstanceID, waited: Double)] = []
        while let next = queue.first, fits(next.bytes) {
            queue.removeFirst()
            admit(next.worker, next.bytes)
            admitted.append((next.worker, now - next.since))
        }
        return admitted
    }

    private func fits(_ bytes: Int) -> Bool { reservedBytes == 0 || reservedBytes + bytes <= capacity }

    private mutating func admit(_ worker: InstanceID, _ bytes: Int) {
        reserved[worker] = bytes
        reservedBytes += bytes
    }
}
