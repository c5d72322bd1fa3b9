import ArgumentParser
import Cluster
import Wire

/// `actdiff prune`: removes old jobs.
struct PruneCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Removes all jobs that ended long enough ago, with their result bundles on the coordinator.",
        discussion: """
            Prints the jobs that it removes, as actdiff jobs does. A coordinator does the same by itself where its \
            configuration has keep: AGE.

            EXAMPLES
              actdiff prune --older-than 30d --dry-run
              actdiff prune --older-than 30d
            """)

    @Option(help: ArgumentHelp("How long ago they ended at least, such as 12h or 30d.", valueName: "age"))
    var olderThan: Age
    @Flag(help: "Only print the jobs that would go.")
    var dryRun = false
    @OptionGroup var control: ControlOption

    func run() throws {
        var count = 0
        try control.client().prune(olderThan: olderThan, isTrial: dryRun) { jobs in
            for job in jobs { try Terminal.print(job.line) }
            count += jobs.count
        }
        if count == 0 { Terminal.say("no job ended that long ago") }
    }
}

extension Age: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
