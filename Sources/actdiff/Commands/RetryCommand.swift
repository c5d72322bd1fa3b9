import ArgumentParser
import Wire

/// `actdiff retry`: computes what a partial or failed job lacks.
struct RetryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Computes what a partial or failed job lacks; a partial job's bundle is replaced then.",
        discussion: """
            What is committed stays: only the missing shards run, and those about which workers could not agree, by two \
            workers. A job that could not be planned is planned again. Look at actdiff show JOB for its errors first.

            EXAMPLE
              actdiff retry villain-1
            """)

    @Argument(help: "The job's id.")
    var job: JobID
    @OptionGroup var control: ControlOption

    func run() throws {
        if let shards = try control.client().retry(job) {
            try Terminal.print("\(job) goes on: \(shards) shards are to be computed")
        } else {
            try Terminal.print("\(job) is planned again")
        }
    }
}
