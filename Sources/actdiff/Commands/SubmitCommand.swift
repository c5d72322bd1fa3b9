import ArgumentParser
import Cluster
import Foundation
import Inputs
import Latents
import Wire

/// `actdiff submit`: gives a job to a coordinator.
struct SubmitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "submit",
        abstract: "Submits a job to a coordinator, prints its id, and waits until it is planned.",
        discussion: """
            Planning opens all inputs and checks them against each other: what is wrong with the job shows then, and is \
            the exit status. With --watch and --format csv or json the id goes to standard error.

            Relative paths in the job file are relative to the file; coordinator and workers must see the inputs under \
            the same absolute paths.

            EXAMPLE
              actdiff submit job.yaml --watch --out results/villain
            """)

    @Argument(help: "The job file (YAML).", completion: .file())
    var job: String
    @OptionGroup var control: ControlOption
    @Flag(help: "Do not wait until the job is planned.")
    var noWait = false
    @Flag(help: "Wait for the job's end and print its rankings.")
    var watch = false
    @Option(help: "With --watch: fetch the result bundle into this folder, which must not exist.")
    var out: String?
    @OptionGroup var ranking: RankingOptions

    func validate() throws {
        guard !(noWait && watch) else { throw ValidationError("--watch and --no-wait exclude each other") }
        guard watch || out == nil else { throw ValidationError("--out needs --watch") }
    }

    func run() throws {
        let client = try control.client()
        if let out { try NewFolder.checkPlace(Start.absolute(out)) }
        let source = try Start.source(of: job)
        let label = try Start.kinds().label(of: source)
        if watch { try ranking.check(against: source, kind: label.kind) }
        let id = try client.submit(source, as: label)
        // Data is for programs: nothing but the table may stand there.
        if watch, ranking.selected.format != .table { Terminal.say(id.text) } else { try Terminal.print(id.text) }
        if noWait { return }
        let watching = JobWatch(client: client, job: id, again: control.watchCommand(id))
        guard watch else { return try watching.untilPlanned() }
        let end = try watching.untilDone()
        let lack = try FetchedBundle(client: client, job: id, folder: out, isPatient: true).use {
            try ranking.print($0)
        }
        try end.refuseToBePartial(bundleLacks: lack, hint: "mend what is wrong, then: actdiff retry \(id)")
    }
}
