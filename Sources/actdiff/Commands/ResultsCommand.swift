import ArgumentParser
import Exemplars
import Foundation
import Inputs
import Latents
import Reports
import Wire

/// `actdiff results`: rankings of a bundle, here or on a coordinator.
struct ResultsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "results",
        abstract: "Prints the rankings of a result bundle, or of a finished job on a coordinator.",
        discussion: """
            EXAMPLE
              actdiff results results/villain
              actdiff results results/villain --mask content --rank-by t --bottom 10
              actdiff results results/villain --where 'q < 0.05 and delta > 0'
              actdiff results villain-1 --save results/villain
            """)

    @Argument(help: "A result folder, or a job's id.", completion: .directory)
    var jobOrFolder: String
    @OptionGroup var ranking: RankingOptions
    @Option(
        help: """
            Instead of rankings all that is known of this latent: its columns under every hook, mask and tuned checkpoint. \
            May be repeated.
            """)
    var latent: [Int] = []
    @Option(
        help: ArgumentHelp(
            "With --latent: a bundle of exemplars whose page of the latent is printed besides. May be repeated.",
            valueName: "folder"),
        completion: .directory)
    var exemplars: [String] = []
    @OptionGroup var control: ControlOption
    @Option(help: "Fetch the job's bundle into this folder, which must not exist.")
    var save: String?

    func validate() throws {
        guard exemplars.isEmpty || !latent.isEmpty && ranking.selected.format == .table else {
            throw ValidationError("--exemplars needs --latent, and prints a table")
        }
    }

    func run() throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: jobOrFolder, isDirectory: &isFolder), isFolder.boolValue {
            guard save == nil else {
                throw InputError(
                    "--save", expected: "a job's id to fetch", found: "the folder \(jobOrFolder)", kind: .usage)
            }
            return try print(jobOrFolder)
        }
        guard let job = JobID(jobOrFolder) else {
            throw InputError(
                jobOrFolder, expected: "an existing result folder, or a job's id", found: "neither", kind: .usage)
        }
        _ = try FetchedBundle(client: control.client(), job: job, folder: save).use(print)
    }

    private func print(_ folder: String) throws {
        guard !latent.isEmpty else {
            try ranking.print(folder)
            return
        }
        if try BundleFormat(of: folder) == .exemplars {
            try ranking.printExemplars(folder, latents: latent)
            return
        }
        let bundle = try ResultBundle(folder: folder)
        if let partial = bundle.partial { Terminal.complain("\(partial); the manifest names them") }
        try Terminal.print(
            LatentCard(bundle, ranking.selected.selection, latents: latent).printout(ranking.selected.format))
        for folder in exemplars {
            let pages = try ExemplarBundle(folder: folder)
            try Terminal.print(
                ExemplarsReport(pages, latents: latent, of: bundle).printout(.table, most: ranking.top))
        }
    }
}
