import Foundation
import Inputs
import Latents

/// How much each prompt moved a latent: a mark for each, so that one sees whether a few of them carry the whole change.
struct PromptStrip {
    private let d: [Double]
    private let prompts: [PromptRecords.Prompt]

    private static let (width, height, margin) = (300.0, 34.0, 4.0)
    /// Prompts that are named at each end.
    private static let named = 3

    /// `d` is the latent's difference on each of the prompts.
    init(_ d: [Double], prompts: [PromptRecords.Prompt]) {
        (self.d, self.prompts) = (d, prompts)
    }

    /// The picture: the further right a mark, the more the prompt raised the latent. The long mark is at 0.
    var picture: Markup {
        let least = min(0, d.min() ?? 0)
        let range = max(0, d.max() ?? 0) - least
        guard range > 0 else { return Markup(source: "") }
        func x(_ value: Double) -> Double {
            Self.margin + (Self.width - 2 * Self.margin) * (value - least) / range
        }
        var drawing = Drawing()
        let zero = x(0)
        drawing.line("axis", zero, 2, zero, 22)
        for (style, isMeant) in [("still", { $0 == 0 }), ("rose", { $0 > 0 }), ("fell", { $0 < 0 })]
            as [(String, (Double) -> Bool)]
        {
            // Prompts with one place to the tenth of a unit are one mark.
            let places = Set(d.filter(isMeant).map { Drawing.size(x($0)) }).sorted()
            if places.isEmpty { continue }
            drawing.path("course \(style)", places.map { "M\($0) 6V18" }.joined())
        }
        drawing.label("tick", Self.margin, Self.height - 1, ValueFormat.short(least))
        drawing.label("tick", Self.width - Self.margin, Self.height - 1, ValueFormat.short(least + range), .end)
        return drawing.picture(
            width: Self.width, height: Self.height, title: "How much each prompt moved the latent", finding: finding)
    }

    /// What is to be seen, in words.
    var finding: String {
        let (rose, fell) = (d.count { $0 > 0 }, d.count { $0 < 0 })
        let total = d.reduce(0, +)
        let words = "rose on \(Count.text(rose)) and fell on \(Count.text(fell)) of \(Count.text(d.count, "prompt"))"
        guard total != 0 else { return words }
        // As few prompts as together make half of the change.
        var (sum, few) = (0.0, 0)
        for value in d.map({ $0 * (total > 0 ? 1 : -1) }).sorted(by: >) where sum < abs(total) / 2 {
            sum += value
            few += 1
        }
        return "\(words); \(Count.text(few)) make half of the change"
    }

    /// The prompts that raised it most, and those that lowered it most.
    var ends: Markup {
        func names(_ sign: Double) -> String {
            let first = d.indices.filter { d[$0] * sign > 0 }.sorted { (d[$1] * sign, $0) < (d[$0] * sign, $1) }
            return first.prefix(Self.named).map { at in
                let prompt = prompts[at]
                let name = Markup(name: (prompt.group.map { "\($0)/" } ?? "") + prompt.id).source
                return "\(name) \(Markup(text: ValueFormat.signed(d[at])).source)"
            }.joined(separator: ", ")
        }
        let (rose, fell) = (names(1), names(-1))
        let parts = [rose.isEmpty ? nil : "most on \(rose)", fell.isEmpty ? nil : "least on \(fell)"]
        return Markup(source: parts.compactMap(\.self).joined(separator: "; "))
    }
}
