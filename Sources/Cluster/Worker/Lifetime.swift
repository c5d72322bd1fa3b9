import Foundation
import Inputs

/// How long a worker may live: no shard is accepted that cannot be finished before then.
public struct Lifetime: Sendable, Hashable {
    /// From now.
    public var seconds: Double

    /// Reads `90s`, `55m`, `4h`, `2d` or a number of seconds; nil for anything else, and for nothing above zero.
    public init?(_ text: String) {
        let units: [Character: Double] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        let unit = text.last.flatMap { units[$0] }
        guard let number = Double(unit == nil ? text : String(text.dropLast())), number.isFinite, number > 0 else {
            return nil
        }
        seconds = number * (unit ?? 1)
    }

    /// What is left of the Slurm job that this process is part of: `SLURM_JOB_END_TIME`, seconds since 1970 (sbatch(1)).
    /// Nil outside such a job. Throws `InputError` for what is no time.
    public init?(slurm environment: [String: String], now: Double = Date().timeIntervalSince1970) throws {
        guard let text = environment["SLURM_JOB_END_TIME"] else { return nil }
        guard let end = Double(text), end.isFinite, end > 0 else {
            throw InputError(
                "SLURM_JOB_END_TIME", expected: "seconds since 1970", found: text, kind: .configuration)
        }
        seconds = max(0, end - now)
    }
}
