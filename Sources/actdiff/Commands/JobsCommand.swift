import ArgumentParser
import Cluster
import Foundation
import Wire

/// `actdiff jobs`: all jobs of a coordinator.
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Lists a coordinator's jobs in the order of submission.")

    @OptionGroup var control: ControlOption

    func run() throws {
        let jobs = try control.client().jobs()
        if jobs.isEmpty { Terminal.say("no jobs") }
        for job in jobs { try Terminal.print(job.line) }
    }
}

extension JobSummary {
    /// The job in a line.
    var line: String {
        let time = Date(shownSince1970: Double(submitted)).formatted(.iso8601)
        return
            "\(id)  \(state.rawValue)  \(shardsDone)/\(shardsTotal) shards  \(tokensDone)/\(tokensTotal) tokens  \(time)"
    }
}
