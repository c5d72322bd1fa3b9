import ArgumentParser
import Exemplars
import Foundation
import Inputs
import Latents
import Prompts
import Reports

/// `actdiff report`: bundles as a page for a browser.
struct ReportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Writes what bundles say as one HTML file: plots, rankings, and a card for each latent.",
        discussion: """
            The file needs no network and no other file, and is the same bytes each time. An existing file is never \
            overwritten.

            EXAMPLE
              actdiff report results/villain results/exemplars --out villain.html
              actdiff report results/training-steps --mask content --latents 60 --out steps.html --plots plots
            """)

    @Argument(
        help: "Folders of results: bundles with rankings, and bundles of exemplars for the cards of their latents.",
        completion: .directory)
    var bundles: [String]
    @Option(help: "The HTML file to write, which must not exist.", completion: .file())
    var out: String
    @Option(
        help: "Write every plot as an SVG file into this folder, too, which must not exist.", completion: .directory)
    var plots: String?
    @Option(help: "Only this tuned checkpoint.")
    var tuned: String?
    @Option(help: "Only this hook, such as resid_post.15.")
    var hook: String?
    @Option(help: "Only this mask: all, content, assistant or last.")
    var mask: TokenMask?
    @Option(help: ArgumentHelp("Column to rank by. Default: what the first job says.", valueName: "column"))
    var rankBy: String?
    @Option(
        help: ArgumentHelp(
            "Only latents for which this holds, such as 'q < 0.05 and density_tuned < 2 * density_base'.",
            valueName: "condition"))
    var `where`: String?
    @Option(
        help: "At most so many latents: the first and the last of every ranking, as many of each as there is room for.")
    var latents = 200

    func validate() throws {
        guard latents > 0 else { throw ValidationError("--latents is at least 1") }
    }

    func run() throws {
        let target = Start.absolute(out)
        guard try !Presence.isThere(target) else {
            throw InputError(
                out, expected: "a file that does not exist yet", found: "one that does",
                hint: "name another one with --out", kind: .usage)
        }
        if let plots { try NewFolder.checkPlace(Start.absolute(plots)) }
        let folders = try bundles.map { (folder: $0, format: try BundleFormat(of: $0)) }
        let rankings = try folders.filter { $0.format == .rankings }.map { try ResultBundle(folder: $0.folder) }
        guard !rankings.isEmpty else {
            throw InputError(
                bundles.joined(separator: ", "), expected: "a bundle with rankings among them",
                found: "exemplars alone", hint: "name the bundle that the latents come from, too", kind: .usage)
        }
        let page = try ReportPage(
            rankings,
            exemplars: folders.filter { $0.format == .exemplars }.map { try ExemplarBundle(folder: $0.folder) },
            ReportPage.Choice(
                selection: ResultSelection(tuned: tuned, hook: hook, mask: mask), by: rankBy.map(RankColumn.init),
                condition: try `where`.map { try ColumnCondition($0, place: "--where") }, latents: latents))
        let html = try page.html()
        if let plots { try write(page.plots, to: Start.absolute(plots)) }
        try AtomicFile.write(Array(html.utf8), to: target)
        try Terminal.print(out)
    }

    private func write(_ plots: [(name: String, file: String)], to folder: String) throws {
        let draft = try NewFolder(folder)
        for plot in plots { try draft.write(Array(plot.file.utf8), to: plot.name) }
        try draft.publish()
    }
}
