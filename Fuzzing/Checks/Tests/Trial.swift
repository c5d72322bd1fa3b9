import Foundation
import TestSupport

/// Runs a target's checks with one input after the other, each within a time.
struct Trial {
    private let name: String
    private let checks: any Checks
    /// Where the input stands that is being checked. It stays where a check ends the process: what to look at.
    private let file: String

    /// Seconds of the processor that an input may take: far more than any takes, and less than one would that grows with more
    /// than its length. Debug code is slower.
    #if DEBUG
        private static let mostSeconds = 120.0
    #else
        private static let mostSeconds = 5.0
    #endif
    /// Time after which an input is taken for one that never ends.
    private let patience: Double

    init(_ name: String, _ checks: any Checks, patience: Double = 300) {
        (self.name, self.checks, self.patience) = (name, checks, patience)
        file = "\(FileManager.default.temporaryDirectory.path)/actdiff-fuzzing-\(name)-\(getpid())"
    }

    /// Throws `Broken` with a file that has the input, where something does not hold for it.
    func run(_ input: [UInt8]) throws {
        try Data(input).write(to: URL(fileURLWithPath: file))
        let checks = checks
        do {
            let seconds = try ending(patience: patience) {
                let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
                try checks.check(input)
                return Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1e9
            }
            try demand(seconds < Self.mostSeconds, "\(seconds) seconds")
        } catch {
            throw Broken(description: "\(error); the input is \(file), of the target \(name)")
        }
        try FileManager.default.removeItem(atPath: file)
    }
}

/// Nanoseconds of a clock.
private func nanoseconds(_ clock: clockid_t) -> Int {
    var time = timespec()
    clock_gettime(clock, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
