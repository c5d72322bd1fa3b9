import Inputs
import Latents

/// Which latents a page shows: the first and the last of every ranking, as many of each as there is room for.
struct ShownLatents {
    /// Rows from each end of a ranking.
    let perEnd: Int
    /// In the order of the results.
    let hooks: [String]
    /// In words.
    let rule: String
    private let byHook: [String: [Int]]

    /// Takes `perEnd` rows from both ends of every ranking so that there are at most `most` latents, of all hooks together.
    /// Throws `InputError` where one row would be too many.
    init(_ parts: [(report: RankingReport, part: RankingReport.Part)], atMost most: Int) throws {
        let ends = parts.map { ($0.part.entry.hook, [$0.report.risen($0.part), $0.report.fallen($0.part)]) }
        var (perEnd, byHook, isSeen) = (0, [String: [Int]](), [String: Set<Int>]())
        var count = 0
        let longest = ends.flatMap { $0.1.map(\.count) }.max() ?? 0
        while perEnd < longest {
            var (next, seen, all) = (byHook, isSeen, count)
            for (hook, ends) in ends {
                for rows in ends where perEnd < rows.count {
                    let latent = rows[perEnd].latent
                    guard seen[hook, default: []].insert(latent).inserted else { continue }
                    next[hook, default: []].append(latent)
                    all += 1
                }
            }
            guard all <= most else {
                if perEnd > 0 { break }
                throw InputError(
                    "--latents",
                    expected: "at least \(all), one for each end of the rankings of \(parts.count) results",
                    found: "\(most)", hint: "or fewer results: --tuned, --hook, --mask", kind: .usage)
            }
            (byHook, isSeen, count, perEnd) = (next, seen, all, perEnd + 1)
        }
        hooks = parts.reduce(into: []) { if !$0.contains($1.part.entry.hook) { $0.append($1.part.entry.hook) } }
        (self.perEnd, self.byHook) = (perEnd, byHook)
        rule = Self.rule(parts, perEnd: perEnd, count: count, isCut: perEnd < longest, most: most)
    }

    private static func rule(
        _ parts: [(report: RankingReport, part: RankingReport.Part)], perEnd: Int, count: Int, isCut: Bool, most: Int
    ) -> String {
        guard let order = parts.first?.report.order else { return "" }
        var sizes: [String: Int] = [:]
        for (_, part) in parts { sizes[part.entry.hook] = part.entry.latents }
        let total = sizes.values.reduce(0, +)
        let ends =
            order.by.sense == .change
            ? "the \(Count.text(perEnd)) that rose most and the \(Count.text(perEnd)) that fell most by \(order.by.name)"
            : "the \(Count.text(perEnd)) with the \(order.by.topTitle)"
        let whose = parts.count == 1 ? "in this result" : "in each of the \(Count.text(parts.count)) results"
        let condition = order.condition.map { ", among those where \($0.text)" } ?? ""
        let room = isCut ? " There is room for \(Count.text(most)) (--latents)." : ""
        return """
            Showing \(Count.text(count)) of \(Count.text(total)) latents: \(ends) \(whose)\(condition).\(room)
            """
    }

    /// Those of a hook, first those that stand first in a ranking.
    func latents(at hook: String) -> [Int] { byHook[hook] ?? [] }

    /// The hook's number on the page, from 1.
    func number(of hook: String) -> Int { (hooks.firstIndex(of: hook) ?? 0) + 1 }

    /// Where a latent's card is on the page.
    func anchor(_ latent: Int, at hook: String) -> String { "latent-\(number(of: hook))-\(latent)" }
}
