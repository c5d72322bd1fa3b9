import Foundation
import Inputs
import Wire

// What a coordinator says of a job, as people see it. Whatever it says, nothing here ends the process.

extension JobSummary {
    private static let barWidth = 24

    /// Where the job stands, on one line; with a bar, a rate and the time left while it runs.
    public func progressText(tokensPerSecond rate: Double?) -> String {
        guard state == .running, tokensTotal > 0 else { return "\(id): \(state.rawValue)" }
        // The rate and the time left are those of first computations, which are over.
        if shardsTotal > 0, shardsDone >= shardsTotal {
            return "\(id): all \(shardsTotal) shards are computed; to be verified, folded and written"
        }
        let share = min(1, max(0, Double(tokensDone) / Double(tokensTotal)))
        let filled = Int(share * Double(Self.barWidth))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.barWidth - filled)
        return "\(id) \(bar) \(Int(share * 100)) %  \(shardsDone)/\(shardsTotal) shards" + Self.speed(rate, left: left)
    }

    private var left: Double { max(0, Double(tokensTotal) - Double(tokensDone)) }

    private static func speed(_ rate: Double?, left: Double) -> String {
        guard let rate, rate > 0 else { return "" }
        return "  \(whole(rate)) tokens/s  \(duration(whole(left / rate))) left"
    }

    private static func duration(_ seconds: Int) -> String {
        seconds >= 3600 ? "\(seconds / 3600) h \(seconds / 60 % 60) min" : "\(seconds / 60) min \(seconds % 60) s"
    }

    /// The number without its fraction, or as much of it as people can read.
    private static func whole(_ number: Double) -> Int {
        let most = 1e12
        return number < most ? Int(max(0, number)) : Int(most)
    }
}

extension JobDetail {
    /// Throws, after a job's results are shown, what is missing from them: a script must not take them for whole.
    ///
    /// `lack` is what the fetched bundle itself says that it lacks. A job counts as whole only where everything agrees that
    /// it is: the coordinator's word alone, or its leaving out which shards are missing, does not make it so.
    public func refuseToBePartial(bundleLacks lack: String? = nil, hint: String) throws {
        let isWhole = summary.state == .done && summary.quarantined == 0 && summary.shardsDone >= summary.shardsTotal
        guard !isWhole || lack != nil else { return }
        let missing =
            quarantined.first.map { "\(summary.quarantined) missing; the first, shard \($0.shard): \($0.error)" }
            ?? lack ?? "\(summary.shardsDone) of them in a job that is \(summary.state.rawValue)"
        throw InputError(
            "job \(summary.id)", expected: "all \(summary.shardsTotal) shards", found: missing, hint: hint,
            kind: quarantined.first?.error.kind ?? .badData)
    }
}

extension Date {
    /// The time so many seconds after 1970, no later than the year 9999: what a later one would be in letters, Foundation
    /// cannot say.
    public init(shownSince1970 seconds: Double) {
        self.init(timeIntervalSince1970: min(max(0, seconds), 253_402_300_799))
    }
}
