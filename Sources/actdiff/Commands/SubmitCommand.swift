import ArgumentParser
import Cluster
import Foundation
import Inputs
import Wire

/// `actdiff submit`: gives a job to a coordinator.
struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submits a job to a coordinator and prints its id.",
        discussion: """
            Relative paths in the job file are relative to the file; coordinator and workers must see the inputs under \
            the same absolute paths.

            EXAMPLE
              actdiff submit job.yaml --watch --out results/villain
            """)

    @Argument(help: "The job file (YAML).", completion: .file())
    var job: String
    @OptionGroup var control: ControlOption
    @Flag(help: "Wait for the job's end and print its rankings.")
    var watch = false
    @Option(help: "With --watch: fetch the result bundle into this folder, which must not exist.")
    var out: String?
    @OptionGroup var ranking: RankingOptions

    func validate() throws {
        guard watch || out == nil else { throw ValidationError("--out needs --watch") }
    }

    func run() throws {
        let client = try control.client()
        if let out { try IncomingBundle.checkPlace(Start.absolute(out)) }
        let id = try client.submit(job)
        try Terminal.print(id.text)
        guard watch else { return }
        let end = try JobWatch(client: client, job: id).untilDone()
        try FetchedBundle(client: client, job: id, folder: out).use { try ranking.print($0) }
        try end.refuseToBePartial(hint: "mend what is wrong, then: actdiff retry \(id)")
    }
}
