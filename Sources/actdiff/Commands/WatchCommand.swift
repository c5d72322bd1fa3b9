import ArgumentParser
import Wire

/// `actdiff watch`: follows a job to its end.
struct WatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch", abstract: "Follows a job to its end; the exit status is the job's.",
        discussion: "Ctrl-C ends the watch and nothing else: the job goes on.")

    @Argument(help: "The job's id.")
    var job: JobID
    @OptionGroup var control: ControlOption

    func run() throws {
        try JobWatch(client: control.client(), job: job, again: control.watchCommand(job)).untilDone()
            .refuseToBePartial(
                hint: "mend what is wrong, then: actdiff retry \(job)")
    }
}
