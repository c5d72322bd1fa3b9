import ArgumentParser
import Inputs
import Wire

/// `actdiff show`: one job, and who works on it.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Shows a job: its state, what went wrong, how its verification went, and who works on it.")

    @Argument(help: "The job's id.")
    var job: JobID
    @OptionGroup var control: ControlOption

    func run() throws {
        let detail = try control.client().show(job)
        let summary = detail.summary
        try Terminal.print(
            """
            job     \(summary.id) (\(Printable.line(summary.name)))
            state   \(summary.state.rawValue)
            shards  \(summary.shardsDone) of \(summary.shardsTotal)
            tokens  \(summary.tokensDone) of \(summary.tokensTotal)
            """)
        if let error = summary.error { try Terminal.print("error   \(error)") }
        let count = detail.verification
        if count.wanted > 0 {
            try Terminal.print(
                "verify  \(count.agreed) of \(count.wanted) shards agree, between \(count.voices) keys (or processes without "
                    + "keys); \(count.disagreed) were disputed, "
                    + "\(count.skipped) found no second worker (with another key, where there are keys)")
        }
        for shard in detail.quarantined { try Terminal.print("missing shard \(shard.shard): \(shard.error)") }
        if summary.quarantined > detail.quarantined.count {
            try Terminal.print("missing \(summary.quarantined - detail.quarantined.count) more shards")
        }
        if let system = detail.numberSystem { try Terminal.print("numbers all of \(Printable.line(system))") }
        for worker in detail.workers { try worker.print(prefix: "worker  ") { $0 == summary.id } }
    }
}
