import ArgumentParser
import Exemplars
import Inputs
import Latents
import Prompts
import Reports
import Work

/// Which results of a bundle are wanted, and in which form.
struct SelectionOptions: ParsableArguments {
    @Option(help: "Only this tuned checkpoint.")
    var tuned: String?
    @Option(help: "Only this hook, such as resid_post.15.")
    var hook: String?
    @Option(help: "Only this mask: all, content, assistant or last.")
    var mask: TokenMask?
    @Option(help: "table, csv or json; the last two are the data and nothing else.")
    var format: Printout.Form = .table

    var selection: ResultSelection { ResultSelection(tuned: tuned, hook: hook, mask: mask) }
}

/// How rankings are printed.
struct RankingOptions: ParsableArguments {
    @OptionGroup var selected: SelectionOptions
    @Option(
        help: ArgumentHelp(
            """
            Column to rank by: any that the result has, such as t, q or delta_minus_<control>, or density for its rise. Default: \
            what the job says.
            """, valueName: "column"))
    var rankBy: String?
    @Option(
        help: ArgumentHelp(
            "Only latents for which this holds, such as 'q < 0.05 and density_tuned < 2 * density_base'.",
            valueName: "condition"))
    var `where`: String?
    @Option(help: "Rows from the top.")
    var top = 20
    @Option(help: "Rows from the bottom.")
    var bottom = 0
    @Flag(help: "All tables, where more than two results would be summed up.")
    var tables = false

    func validate() throws {
        guard top >= 0, bottom >= 0 else { throw ValidationError("--top and --bottom cannot be negative") }
    }

    /// Checks before the work whether the job will have what is to be printed after it. Throws `InputError`.
    func check(against source: JobSource, kind: String) throws {
        guard kind == LatentsKind.name else { return try refuseRanking(of: "a job of the kind \(kind)") }
        let spec = try JobSpec(yaml: source.specText, file: source.specFile, relativeTo: source.folder)
        try selected.selection.check(
            tuned: spec.tuned.map(\.name), hooks: spec.hooks.map(\.label), masks: spec.masks)
        try order(by: spec.rank.by).check(columns: spec.rankColumns)
    }

    /// Prints what the options say of a bundle. Returns what the bundle itself says that it lacks.
    @discardableResult
    func print(_ folder: String) throws -> String? {
        switch try BundleFormat(of: folder) {
        case .rankings: return try printRankings(folder)
        case .exemplars:
            try refuseRanking(of: "exemplars")
            return try printExemplars(folder, latents: [])
        }
    }

    /// Prints what a bundle of exemplars says of some latents, or a line for each of all. Returns what the bundle lacks.
    @discardableResult
    func printExemplars(_ folder: String, latents: [Int]) throws -> String? {
        let bundle = try ExemplarBundle(folder: folder)
        if let partial = bundle.partial { Terminal.complain("\(partial); the manifest names them") }
        let report = try ExemplarsReport(bundle, hook: selected.hook, latents: latents)
        try Terminal.print(report.printout(selected.format, most: top))
        return bundle.partial.map { "\($0)" }
    }

    /// Throws `InputError` of kind `usage` for options that only rankings have.
    private func refuseRanking(of what: String) throws {
        let options = [
            ("--rank-by", rankBy), ("--where", `where`), ("--tuned", selected.tuned),
            ("--mask", selected.mask?.rawValue),
        ]
        for (option, value) in options where value != nil {
            throw InputError(option, expected: "a bundle with rankings", found: what, kind: .usage)
        }
    }

    private func printRankings(_ folder: String) throws -> String? {
        let bundle = try ResultBundle(folder: folder)
        let report = try RankingReport(bundle, selected.selection, order(by: bundle.rankBy))
        report.remarks.forEach(Terminal.complain)
        try Terminal.print(report.printout(selected.format, allTables: tables))
        return bundle.partial.map { "\($0)" }
    }

    private func order(by key: RankKey) throws -> RankingReport.Order {
        RankingReport.Order(
            by: rankBy.map(RankColumn.init) ?? key.column, top: top, bottom: bottom,
            condition: try `where`.map { try ColumnCondition($0, place: "--where") })
    }
}

extension Printout.Form: ExpressibleByArgument {}
