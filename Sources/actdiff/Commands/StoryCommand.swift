import ArgumentParser
import Cluster
import Foundation
import Inputs
import Wire

/// `actdiff story`: the life of one shard.
struct StoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "story",
        abstract: "Prints what happened to a shard: when, under which epoch, with which worker, and why.",
        discussion: """
            EXAMPLE
              actdiff story villain-1 17
            """)

    @Argument(help: "The job's id.")
    var job: JobID
    @Argument(help: "The shard's number, from 0.")
    var shard: Int
    @OptionGroup var control: ControlOption

    func validate() throws {
        guard shard >= 0 else { throw ValidationError("shards are numbered from 0") }
    }

    func run() throws {
        let story = try control.client().story(of: job, shard: shard)
        if story.isEmpty { Terminal.say("shard \(shard) of \(job) was never leased: nothing has happened to it") }
        for line in story {
            let time = Date(shownSince1970: Double(line.at) / 1000)
                .formatted(.iso8601.time(includingFractionalSeconds: true))
            let epoch = line.epoch > 0 ? "epoch \(line.epoch)" : "-"
            let parts = [time, epoch, line.event, line.worker.isEmpty ? "-" : line.worker, line.reason]
            try Terminal.print(Printable.line(parts.joined(separator: "  ")))
        }
    }
}
