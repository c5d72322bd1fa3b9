import Evaluation
import Exemplars
import Foundation
import Inputs

/// What a card shows of a latent's exemplars.
struct ExemplarCard {
    private let page: LatentPage
    private let models: [String]
    private let hook: ExemplarBundle.Hook
    /// The largest activation of all models, which is the darkest shade.
    private let largest: Double

    /// Characters of a token, and shades.
    private static let (longestToken, shades) = (60, 6)

    init(_ page: LatentPage, models: [String], hook: ExemplarBundle.Hook) {
        (self.page, self.models, self.hook) = (page, models, hook)
        largest = page.largest.map(abs).max() ?? 0
    }

    /// How strong the latent is under each model, and how often.
    var activity: PageTable {
        PageTable(
            caption: "Latent \(page.latent) over the tokens that counted",
            columns: [
                .init(title: "model", kind: .text, isHeader: true), .init(title: "largest activation", kind: .number),
                .init(title: "active tokens", kind: .number),
            ],
            rows: models.indices.map { model in
                PageTable.Row(
                    cells: [
                        .text(models[model]), .number(page.largest[model], ValueFormat.short),
                        hook.rule.hasDensities
                            ? .number(
                                Double(page.active[model]) / Double(max(1, hook.tokens)), ValueFormat.percent)
                            : .count(page.active[model]),
                    ])
            }, isSortable: false)
    }

    /// Counts of activations under each model; nil where the latent is silent.
    var histogram: HistogramPlot? {
        page.histogram.map { HistogramPlot($0, models: models, latent: page.latent) }
    }

    /// Tokens of the vocabulary with their z.
    func tokens(_ tokens: [LatentPage.LensToken]) -> Markup {
        Markup(
            source: tokens.prefix(PageExemplars.lensTokens).map { token in
                "<span class=\"word\">\(Self.text(token.token))</span> \(ValueFormat.short(token.z))"
            }.joined(separator: " · "))
    }

    // MARK: Examples

    /// The first of each group, then the second, and so on; each once, with all groups that it is of.
    var examples: [Fields] {
        let groups = LatentPageText.ordered(page.groups, models)
        var order: [Int] = []
        for place in 0..<(groups.map(\.members.count).max() ?? 0) {
            for group in groups where place < group.members.count && !order.contains(group.members[place]) {
                order.append(group.members[place])
            }
        }
        return order.prefix(PageExemplars.perLatent).map { index in
            let example = page.examples[index]
            let labels = groups.compactMap { group in
                group.members.firstIndex(of: index).map { place in
                    "\(LatentPageText.title(group.name, models)) (\(place + 1))"
                }
            }
            return [
                "why": Markup(text: labels.joined(separator: "; "), atMost: 1000),
                "where": Markup(name: example.document),
                "times": Markup(text: example.times > 1 ? "×\(example.times)" : ""),
                "strips": strips(example, groups.filter { $0.members.contains(index) }),
            ]
        }
    }

    /// The text under the base, and under the models that the groups are about.
    private func strips(_ example: LatentPage.Example, _ groups: [LatentPage.Group]) -> [Fields] {
        let meant = models.indices.dropFirst().filter { model in
            groups.contains { $0.name == models[model] || $0.name.hasPrefix("\(models[model]).") }
        }
        let shown = [0] + (meant.isEmpty ? Array(models.indices.dropFirst().prefix(1)) : meant)
        return shown.map { model in
            [
                "model": Markup(name: models[model]),
                "value": Markup(text: ValueFormat.short(example.activations[model][example.peak])),
                "strip": Markup(source: strip(example, model: model)),
            ]
        }
    }

    private func strip(_ example: LatentPage.Example, model: Int) -> String {
        var (strip, plain) = ("", [UInt8]())
        func flush() {
            strip += Self.text(plain, atMost: .max)
            plain = []
        }
        for unit in Self.units(example) {
            let value = example.activations[model][unit.tokens].max { abs($0) < abs($1) } ?? 0
            let shade = shade(value)
            let isPeak = unit.tokens.contains(example.peak)
            guard shade > 0 || isPeak else {
                plain +=
                    unit.bytes.count > Self.longestToken
                    ? Array(unit.bytes.prefix(Self.longestToken)) + Array("…".utf8) : unit.bytes
                continue
            }
            flush()
            let style = " class=\"\(value < 0 ? "n" : "a")\(shade)\""
            let element = isPeak ? "mark" : "span"
            strip += "<\(element)\(shade > 0 ? style : "")>\(Self.text(unit.bytes))</\(element)>"
        }
        flush()
        return strip
    }

    /// 0 for what does not show.
    private func shade(_ value: Double) -> Int {
        guard largest > 0, value != 0 else { return 0 }
        return min(Self.shades, Int((abs(value) / largest * Double(Self.shades)).rounded(.up)))
    }

    /// Tokens, joined where only several of them are characters.
    private static func units(_ example: LatentPage.Example) -> [(bytes: [UInt8], tokens: Range<Int>)] {
        var units: [(bytes: [UInt8], tokens: Range<Int>)] = []
        var at = 0
        while at < example.tokens.count {
            var (bytes, end) = (example.tokens[at], at + 1)
            // A character has four bytes at most, so no more tokens than that belong together.
            while String(validating: bytes, as: UTF8.self) == nil, end < min(example.tokens.count, at + 4) {
                bytes += example.tokens[end]
                end += 1
            }
            if String(validating: bytes, as: UTF8.self) == nil { (bytes, end) = (example.tokens[at], at + 1) }
            units.append((bytes, at..<end))
            at = end
        }
        return units
    }

    private static func text(_ bytes: [UInt8], atMost most: Int = longestToken) -> String {
        let shown = ShownBytes.text(bytes)
        let cut = shown.count > most ? "\(shown.prefix(most))…" : shown
        return Markup(drawn: cut).source
    }
}
