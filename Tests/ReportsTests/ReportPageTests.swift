import Foundation
import Inputs
import Latents
import TestSupport
import Testing
@testable import Reports

@Suite struct ReportPageTests {
    let sample: BundleSample

    init() throws { sample = try BundleSample() }

    private func page(_ choice: ReportPage.Choice = .init()) throws -> ReportPage {
        try ReportPage([sample.bundle], choice)
    }

    @Test("a page and its plots are the same bytes each time, and name nothing of this machine")
    func sameBytes() throws {
        let (first, second) = (try page(), try page())
        #expect(try first.html() == second.html())
        #expect(first.plots.map(\.file) == second.plots.map(\.file) && first.plots.count == 8)
        #expect(try !first.html().contains(sample.folder.path))
        #expect(first.plots.allSatisfy { !$0.file.contains("var(") && $0.file.contains("<desc>Of ") })
    }

    @Test("the rows are both ends of the ranking, as many as there is room for, and the page says so")
    func ends() throws {
        let one = try page(.init(selection: .init(tuned: "villain", mask: .all), latents: 6))
        let ranking = try Ranking(sample.diffs[0].columns, by: RankColumn("delta"), top: 3, bottom: 3)
        #expect(Set(one.shown.latents(at: "resid_post.0")) == Set((ranking.top + ranking.bottom).map(\.latent)))
        #expect(
            one.shown.rule == """
                Showing 6 of 40 latents: the 3 that rose most and the 3 that fell most by delta in this result. There is room for 6 \
                (--latents).
                """)
        let html = try one.html()
        #expect(html.contains("34 latents between these are not shown"))
        let first = try #require(html.range(of: "<td data-v=\"1\">1</td>")).upperBound
        #expect(html[first...].hasPrefix("<th scope=\"row\" data-v=\"\(ranking.top[0].latent)\">"))
        let row = try #require(one.results[0].rows[ranking.top[0].latent])
        let columns = sample.diffs[0].columns
        #expect(row.values["delta"] == columns["delta"]?[ranking.top[0].latent])
        #expect(row.controls.map(\.delta) == [try sample.diffs[2].columns.required("delta")[ranking.top[0].latent]])
    }

    @Test("too few latents for every result are told")
    func limits() throws {
        let error = try inputError { _ = try page(.init(latents: 1)) }
        #expect(error.place == "--latents" && error.kind == .usage)
    }

    @Test("texts are escaped scalar by scalar, shown where they hide, and cut where they are long")
    func hostile() {
        for (text, source) in [
            ("</script>&'\"", "&lt;/script&gt;&amp;&#39;&quot;"), ("\"\u{301} x=", "&quot;\u{301} x="),
            ("<\u{338}b", "&lt;\u{338}b"), ("a\u{202e}b\u{200b}\u{0}", "a\\u{202e}b\\u{200b}\\u{0}"),
            (
                "a" + String(repeating: "\u{301}", count: 1200),
                "a" + String(repeating: "\u{301}", count: 199) + "… (1,001 more characters)"
            ),
        ] {
            #expect(
                Array(Markup(text: text).source.unicodeScalars) == Array(source.unicodeScalars), "\(source.prefix(20))")
        }
        #expect(Markup(name: "<b>").source == "<bdi>&lt;b&gt;</bdi>")
        #expect(
            [0, 999, 1000, 1_234_567, -1000].map { Count.text($0) } == ["0", "999", "1,000", "1,234,567", "-1,000"])
    }

    @Test("templates insert nothing by Mustache's own escaping, which leaves quotes with accents as they are")
    func templates() throws {
        let folder =
            URL(fileURLWithPath: #filePath).deletingLastPathComponent().path + "/../../Sources/Reports/Page/Resources"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".mustache") }
        #expect(names.count == 7)
        for name in names {
            let text = try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
            #expect(text.firstMatch(of: /(^|[^{]){{[^{#^\/>]/) == nil, "\(name)")
        }
    }
}
