import ArgumentParser
import Wire

/// `actdiff cancel`: calls a job off.
struct CancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels a job; workers drop its shards.")

    @Argument(help: "The job's id.")
    var job: JobID
    @OptionGroup var control: ControlOption

    func run() throws {
        try control.client().cancel(job)
        try Terminal.print("\(job) is cancelled")
    }
}
