import Cluster
import Foundation

/// What a process has used so far.
struct ProcessUse: Sendable, Codable {
    /// Seconds of all its threads together.
    var processor: Double
    /// Bytes that are resident now.
    var memory: Int
    /// Most bytes that were ever resident.
    var peakMemory: Int

    /// The same with the processor time from an earlier moment on.
    func since(_ earlier: ProcessUse) -> ProcessUse {
        ProcessUse(processor: processor - earlier.processor, memory: memory, peakMemory: peakMemory)
    }

    /// This process now.
    static func now() -> ProcessUse {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) * 1e-6 }
        let resident = CoordinatorMetrics.residentBytes()
        return ProcessUse(
            processor: seconds(usage.ru_utime) + seconds(usage.ru_stime),
            memory: resident.isNaN ? 0 : Int(resident), peakMemory: usage.ru_maxrss * 1024)
    }
}
