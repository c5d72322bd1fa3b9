import ArgumentParser
import Inputs
import Latents
import Prompts
import Reports

/// `actdiff compare`: the same latents in several tuned checkpoints.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "One table of latent × tuned checkpoint, of one bundle or of several.",
        discussion: """
            The checkpoints stand in the order of the bundles and of their jobs, so that a training run reads from left to \
            right. All must have been encoded with the same dictionary.

            EXAMPLE
              actdiff compare results/training-steps --mask content --top 10
              actdiff compare results/villain results/other --latent 2876 --latent 537
            """)

    @Argument(help: "Folders of results.", completion: .directory)
    var bundles: [String]
    @Option(help: "Only this hook, such as resid_post.15.")
    var hook: String?
    @Option(help: "Only this mask: all, content, assistant or last.")
    var mask: TokenMask?
    @Option(help: ArgumentHelp("The column to compare. Default: what the first job ranks by.", valueName: "column"))
    var rankBy: String?
    @Option(help: "Rows: the latents that moved most in any of the checkpoints.")
    var top = 20
    @Option(help: "Only this latent; may be repeated.")
    var latent: [Int] = []
    @Option(help: "table, csv or json; the last two are the data and nothing else.")
    var format: Printout.Form = .table

    func validate() throws {
        guard top > 0 else { throw ValidationError("--top is at least 1") }
    }

    func run() throws {
        let opened = try bundles.map { try ResultBundle(folder: $0) }
        guard let first = opened.first else { return }
        let report = try ComparisonReport(
            opened, ResultSelection(hook: hook, mask: mask), by: rankBy.map(RankColumn.init) ?? first.rankBy.column,
            top: top, latents: latent)
        report.remarks.forEach(Terminal.complain)
        try Terminal.print(report.printout(format))
    }
}
