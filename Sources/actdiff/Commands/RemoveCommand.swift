import ArgumentParser
import Inputs
import Wire

/// `actdiff rm`: removes jobs that have ended.
struct RemoveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rm",
        abstract: "Removes jobs that have ended, with their result bundles on the coordinator.",
        discussion: """
            Bundles that were fetched stay where they are. A job that is planned or runs must be cancelled first. Of \
            several jobs those that cannot be removed are named, and the others are removed all the same.

            EXAMPLE
              actdiff rm villain-1 villain-2
            """)

    @Argument(help: "The jobs' ids.")
    var jobs: [JobID]
    @OptionGroup var control: ControlOption

    func run() throws {
        let client = try control.client()
        var first: InputError?
        for job in jobs {
            do {
                try client.remove(job)
                try Terminal.print("\(job) is removed")
            } catch let error as InputError {
                // Nobody answers, or the key is refused: the next job would fare no better.
                if jobs.count == 1 || error.kind == .unreachable || error.kind == .authentication { throw error }
                Terminal.complain(error.description)
                first = first ?? error
            }
        }
        if let first {
            throw InputError(
                "rm", expected: "all of the jobs to be removed", found: "some that could not be (see above)",
                kind: first.kind)
        }
    }
}
