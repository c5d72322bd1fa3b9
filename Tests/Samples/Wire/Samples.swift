import Inputs
import TestSupport
import Wire

/// Names of jobs, leases and workers.
extension Samples {
    public mutating func job() throws -> JobID {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-")
        let text = String(list(1...64) { letters[$0.int(0...letters.count - 1)] })
        guard let job = JobID(text) else { throw ByteError("sample", expected: "the name of a job", found: text) }
        return job
    }

    public mutating func lease() throws -> LeaseID {
        LeaseID(job: try job(), shard: int(0...1 << 31), epoch: int(0...1 << 31))
    }

    public mutating func leases() throws -> [LeaseID] { try (0..<int(0...4)).map { _ in try lease() } }

    public mutating func instance() -> InstanceID { InstanceID(high: random.next(), low: random.next()) }
}
