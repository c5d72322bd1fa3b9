import Cluster
import Foundation
import Wire

/// A job's progress: one line that is redrawn on a terminal, a new line now and then elsewhere.
struct ProgressLine {
    /// Seconds between two lines where nobody watches.
    private static let pause = 10.0
    private static let width = 24

    private var rate = ProgressRate()
    private let start = ContinuousClock.now
    private var lastPlain = Date.distantPast
    private var lastState: JobState?

    /// Shows where the job stands.
    mutating func show(_ job: JobSummary) {
        if job.state == .running { rate.note(tokens: job.tokensDone, at: now) }
        let isNews = job.state != lastState
        lastState = job.state
        if Terminal.isInteractive {
            Terminal.draw(text(job))
        } else if isNews || Date().timeIntervalSince(lastPlain) >= Self.pause {
            lastPlain = Date()
            Terminal.say(text(job))
        }
    }

    /// Leaves the line behind.
    func end() {
        Terminal.leaveLine()
    }

    private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

    private func text(_ job: JobSummary) -> String {
        guard job.state == .running, job.tokensTotal > 0 else { return "\(job.id): \(job.state.rawValue)" }
        let share = Double(job.tokensDone) / Double(job.tokensTotal)
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        return "\(job.id) \(bar) \(Int(share * 100)) %  \(job.shardsDone)/\(job.shardsTotal) shards" + speed(job)
    }

    private func speed(_ job: JobSummary) -> String {
        guard let perSecond = rate.perSecond(at: now) else { return "" }
        let left = Int(Double(job.tokensTotal - job.tokensDone) / perSecond)
        return "  \(Int(perSecond)) tokens/s  \(Self.duration(left)) left"
    }

    private static func duration(_ seconds: Int) -> String {
        seconds >= 3600 ? "\(seconds / 3600) h \(seconds / 60 % 60) min" : "\(seconds / 60) min \(seconds % 60) s"
    }
}
