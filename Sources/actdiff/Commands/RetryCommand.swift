import ArgumentParser
import Wire

/// `actdiff retry`: computes what a partial job lacks.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Computes the quarantined shards of a partial job again; its bundle is replaced when they are done.",
        discussion: """
            What is committed stays: only the missing shards run. Look at actdiff show JOB for their errors first.

            EXAMPLE
              actdiff retry villain-1
            """)

    @Argument(help: "The job's id.")
    var job: JobID
    @OptionGroup var control: ControlOption

    func run() throws {
        let shards = try control.client().retry(job)
        try Terminal.print("\(shards) shards of \(job) are computed again")
    }
}
