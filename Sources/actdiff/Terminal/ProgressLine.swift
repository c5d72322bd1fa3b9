import Cluster
import Foundation
import Wire

/// A job's progress: one line that is redrawn on a terminal, a new line now and then elsewhere.
struct ProgressLine {
    /// Seconds between two lines where nobody watches.
    private static let pause = 10.0

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

    private func text(_ job: JobSummary) -> String { job.progressText(tokensPerSecond: rate.perSecond(at: now)) }
}
