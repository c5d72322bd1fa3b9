import Exemplars
import Foundation
import Inputs
import Latents

/// Everything that bundles say about the latents that moved, as one HTML file: it needs no network, no other file and no
/// script to be read, and is the same bytes each time.
public struct ReportPage {
    /// What the page is to show.
    public struct Choice: Sendable {
        public var selection: ResultSelection
        /// Column to rank by; nil for what the first job ranks by.
        public var by: RankColumn?
        /// Only latents for which it holds are ranked; nil for all.
        public var condition: ColumnCondition?
        /// Latents that the page may show, of all hooks together.
        public var latents: Int

        /// Makes a choice.
        public init(
            selection: ResultSelection = ResultSelection(), by: RankColumn? = nil, condition: ColumnCondition? = nil,
            latents: Int = 200
        ) {
            (self.selection, self.by, self.condition, self.latents) = (selection, by, condition, latents)
        }
    }

    /// No page is larger, in bytes: browsers take minutes to open it.
    public static let mostBytes = 20 << 20

    private let bundles: [PageBundle]
    let results: [PageResult]
    let shown: ShownLatents
    private let exemplars: PageExemplars
    private let comparisons: [Comparison]
    private let remarks: [String]

    /// Reads what the page needs. Throws `InputError` for bundles whose files were changed, for a column or a result that
    /// there is not, for bundles of different dictionaries, and where not one latent of each result could be shown.
    ///
    /// `exemplars` go to the cards of latents of the same dictionaries.
    public init(_ bundles: [ResultBundle], exemplars: [ExemplarBundle] = [], _ choice: Choice) throws {
        guard let first = bundles.first else {
            throw InputError("report", expected: "at least one bundle", found: "none", kind: .usage)
        }
        let by = choice.by ?? first.rankBy.column
        let order = RankingReport.Order(
            by: by, top: choice.latents, bottom: by.sense == .change ? choice.latents : 0, condition: choice.condition)
        let reports = try bundles.map { try RankingReport($0, choice.selection, order) }
        self.bundles = try PageBundle.numbered(bundles)
        remarks =
            zip(reports, self.bundles).flatMap { report, bundle in
                report.remarks.map { bundles.count > 1 ? "\(bundle.label): \($0)" : $0 }
            } + (try Comparison.remark(onDifferencesOf: bundles).map { [$0] } ?? [])
        let parts = zip(self.bundles, reports).flatMap { bundle, report in report.parts.map { (bundle, report, $0) } }
        let shown = try ShownLatents(parts.map { ($1, $2) }, atMost: choice.latents)
        let records = try bundles.map { try PromptRecords(of: $0) }
        results = try parts.enumerated().map { at, part in
            try PageResult(
                part.2, of: part.1, in: part.0, number: at + 1, shown: shown, records: records[part.0.number - 1])
        }
        self.shown = shown
        self.exemplars = try PageExemplars(exemplars, of: bundles, shown: shown)
        comparisons = try Self.comparisons(bundles, choice.selection, by: by, shown: shown)
    }

    private static func comparisons(
        _ bundles: [ResultBundle], _ selection: ResultSelection, by: RankColumn, shown: ShownLatents
    ) throws -> [Comparison] {
        try ComparisonReport.places(bundles, selection).compactMap { place in
            let latents = shown.latents(at: place.hook)
            let entries = bundles.flatMap(\.entries).filter {
                $0.hook == place.hook && $0.mask == place.mask && (selection.tuned ?? $0.tuned) == $0.tuned
            }
            guard entries.count(where: { !$0.control }) > 1, !latents.isEmpty else { return nil }
            return try Comparison(
                bundles, hook: place.hook, mask: place.mask, tuned: selection.tuned, by: by, top: 0, chosen: latents)
        }
    }

    /// The page. Throws `InputError` of kind `usage` where it would be larger than `mostBytes`.
    public func html() throws -> String {
        let page = try PageTemplates.render(fields())
        guard page.utf8.count <= Self.mostBytes else {
            throw InputError(
                "report", expected: "a page of at most \(Self.mostBytes >> 20) MB",
                found: "\(page.utf8.count >> 20) MB",
                hint: "show fewer latents (--latents), or fewer results (--tuned, --hook, --mask)", kind: .usage)
        }
        return page
    }

    /// Every plot of the page as an SVG file, by name.
    public var plots: [(name: String, file: String)] {
        (results.flatMap(\.plots) + trajectories.map(\.plot)
            + shown.hooks.compactMap { exemplars.cosines(at: $0, shown: shown) }).map { ("\($0.name).svg", $0.file) }
    }

    private var trajectories: [Trajectories] {
        comparisons.enumerated().map { Trajectories($1, number: $0 + 1, shown: shown) }
    }

    private func fields() throws -> Fields {
        let jobs = bundles.map(\.job)
        let title = jobs.count == 1 ? jobs[0] : "\(jobs[0]) and \(Count.text(jobs.count - 1, "more bundle"))"
        let trajectories = trajectories
        return [
            "policy": Markup(source: PageStyle.policy), "style": Markup(source: PageStyle.sheet),
            "script": Markup(source: PageStyle.script), "title": Markup(text: title),
            "lead": Markup(text: lead),
            "remarks": remarks.map { ["remark": Markup(text: $0, atMost: 2000)] as Fields },
            "hasRemarks": !remarks.isEmpty,
            "rule": Markup(text: shown.rule),
            "bundles": bundles.map(\.fields),
            "results": results.map(\.fields),
            "hasTrajectories": !trajectories.isEmpty, "trajectories": trajectories.map(\.fields),
            "hooks": try shown.hooks.map { hook in
                try PageLatent.fields(of: hook, shown: shown, results: results, exemplars: exemplars)
            },
        ]
    }

    private var lead: String {
        let tuned = Set(results.map { "\($0.bundle.number) \($0.entry.tuned)" }).count
        let masks = Set(results.map(\.entry.mask)).count
        return """
            What \(Count.text(tuned, "tuned checkpoint")) changed against the base, at \(Count.text(shown.hooks.count, "hook")), under \
            \(Count.text(masks, "mask")).
            """
    }
}
