import Exemplars
import Foundation
import Inputs
import Latents

/// Exemplars for the cards of a page: bundles of exemplars whose dictionaries are those of the page's results.
struct PageExemplars {
    /// Exemplars of a card, and the tokens at each end of the lens.
    static let (perLatent, lensTokens) = (12, 8)

    private struct Source {
        let bundle: ExemplarBundle
        let hook: ExemplarBundle.Hook
        let pages: [Int: LatentPage]
    }

    /// By hook.
    private let sources: [String: Source]

    /// Reads the pages of the latents that the page shows. Throws `InputError` for a bundle none of whose hooks has a dictionary
    /// of the results, and where two bundles are of one hook.
    init(_ bundles: [ExemplarBundle], of results: [ResultBundle], shown: ShownLatents) throws {
        let known = Dictionary(results.flatMap(\.entries).map { ($0.hook, $0.dictionary) }) { first, _ in first }
        var sources: [String: Source] = [:]
        for bundle in bundles {
            let hooks = bundle.hooks.filter { known[$0.label] == $0.dictionary }
            guard !hooks.isEmpty else {
                throw InputError(
                    bundle.folder, expected: "exemplars at a hook of the results, with the same dictionary",
                    found: bundle.hooks.map { "\($0.label), SHA-256 \($0.dictionary)" }.joined(separator: "; "),
                    kind: .usage)
            }
            for hook in hooks {
                guard sources[hook.label] == nil else {
                    throw InputError(
                        bundle.folder, expected: "one bundle of exemplars at \(hook.label)", found: "a second one",
                        kind: .usage)
                }
                let wanted = Set(shown.latents(at: hook.label))
                let pages = try bundle.latents(of: hook, wanted: wanted)
                sources[hook.label] = Source(
                    bundle: bundle, hook: hook, pages: Dictionary(pages.map { ($0.latent, $0) }) { first, _ in first })
            }
        }
        self.sources = sources
    }

    /// What the page says of the exemplars of a hook; nil where there are none.
    func rule(at hook: String) throws -> String? {
        guard let source = sources[hook] else { return nil }
        let job = try source.bundle.manifest.required("job")
        let texts = try job.optional("corpus") ?? job.required("prompts")
        let path = try texts.required("path").string()
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let left = source.hook.longTokens
        return """
            Exemplars from \(name): \(Count.text(source.hook.tokens, "token")) counted\
            \(left > 0 ? ", \(Count.text(left)) left out for the length of their residual stream" : ""). Up to \(Self.perLatent) of each latent: the \
            first of each group, then the second, and so on; a text that several groups have stands once. Shading is the share of \
            the latent's largest activation; the token that was chosen is marked.\
            \(source.bundle.partial.map { " \($0)." } ?? "")
            """
    }

    /// Cosines of the decoder rows of the latents that are shown at a hook, in their order; nil where fewer than two are known.
    func cosines(at hook: String, shown: ShownLatents) -> Plot? {
        guard let source = sources[hook] else { return nil }
        let latents = shown.latents(at: hook).filter { source.pages[$0]?.cosines != nil }.prefix(CosineMatrix.most)
        let places = latents.compactMap { source.hook.latents.firstIndex(of: $0) }
        guard latents.count > 1, places.count == latents.count else { return nil }
        let rows = latents.compactMap { source.pages[$0]?.cosines }.map { row in places.map { row[$0] } }
        return CosineMatrix(latents: Array(latents), cosines: rows)
            .plot(number: shown.number(of: hook), hook: hook)
    }

    /// The fields of a latent's card; none where nothing is known of it.
    func fields(of latent: Int, at hook: String, anchor: (Int) -> String?) -> [Fields] {
        guard let source = sources[hook], let page = source.pages[latent] else { return [] }
        let card = ExemplarCard(page, models: source.bundle.models, hook: source.hook)
        return [
            [
                "activity": [card.activity.fields],
                "hasHistogram": card.histogram != nil,
                "histogram": card.histogram.map { $0.inPage } ?? Markup(source: ""),
                "hasLens": page.lens != nil,
                "writes": card.tokens(page.lens?.highest ?? []), "writesLeast": card.tokens(page.lens?.lowest ?? []),
                "hasNeighbours": page.neighbours != nil,
                "neighbours": Markup(source: Self.neighbours(page, anchor: anchor)),
                "hasExamples": !card.examples.isEmpty, "examples": card.examples,
            ]
        ]
    }

    private static func neighbours(_ page: LatentPage, anchor: (Int) -> String?) -> String {
        (page.neighbours ?? []).map { neighbour in
            let number = anchor(neighbour.latent).map { "<a href=\"#\($0)\">\(neighbour.latent)</a>" }
            return "\(number ?? "\(neighbour.latent)") (\(ValueFormat.short(neighbour.cosine)))"
        }.joined(separator: ", ")
    }
}
