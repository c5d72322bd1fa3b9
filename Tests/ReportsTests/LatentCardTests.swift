import Inputs
@testable import Latents
import TestSupport
import Testing
@testable import Reports

@Suite struct LatentCardTests {
    let sample: BundleSample

    init() throws { sample = try BundleSample() }

    @Test("a latent's place and columns are those of every result")
    func data() throws {
        for latent in [0, 17, 39] {
            guard case .csv(let rows) = try LatentCard(sample.bundle, .init(), latents: [latent]).printout(.csv) else {
                Issue.record("no CSV")
                return
            }
            #expect(rows.count == 5)
            for (row, diff) in zip(rows.dropFirst(), sample.diffs) {
                #expect(row.prefix(5) == [diff.tuned, diff.hook, diff.mask.rawValue, "\(latent)", ""])
                let order = try Ranking(diff.columns, by: RankColumn("delta"), top: 40, bottom: 0).top.map(\.latent)
                #expect(try #require(Int(row[5])) == #require(order.firstIndex(of: latent)) + 1)
                let values = zip(rows[0], row).filter { diff.columns.names.contains($0.0) }.map { Double($0.1) }
                #expect(values.count == diff.columns.names.count)
                for (name, value) in zip(rows[0], row) {
                    guard let column = diff.columns[name] else { continue }
                    #expect(Double(value) == column[latent], "\(name)")
                }
            }
        }
    }

    @Test("the text has a line for each result, and a dash where a control has no column")
    func text() throws {
        guard case .text(let text) = try LatentCard(sample.bundle, .init(mask: .all), latents: [3, 4]).printout(.table)
        else {
            Issue.record("no text")
            return
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[0] == "latent 3" && lines.contains("latent 4"))
        #expect(lines[2].hasPrefix("villain") && lines[3].hasPrefix("careful (control)") && lines[3].hasSuffix(" -"))
        #expect(lines[2].contains(" of 40  "))
    }

    @Test("the prompts that moved it most are those of its differences; a latent that was not kept has none")
    func movers() throws {
        let kept = sample.kept[0]
        let latent = try #require(kept.latents.first)
        let d = Array(kept.values[0..<kept.prompts])
        let rose = d.indices.filter { d[$0] > 0 }.sorted { d[$0] > d[$1] }
        let fell = d.indices.filter { d[$0] < 0 }.sorted { d[$0] < d[$1] }
        #expect(!rose.isEmpty && !fell.isEmpty)
        let selection = ResultSelection(tuned: "villain", mask: .all)
        guard case .json(let json) = try LatentCard(sample.bundle, selection, latents: [latent]).printout(.json),
            case .text(let text) = try LatentCard(sample.bundle, selection, latents: [latent]).printout(.table)
        else {
            Issue.record("no JSON or no text")
            return
        }
        let line = try #require(try Document(file: "card", value: json).list().first)
        func found(_ key: String) throws -> [String] {
            try line.required(key).list().map { try "\($0.required("id").string()) \($0.required("d").number())" }
        }
        #expect(try found("rose_on") == rose.map { "prompt-\($0) \(d[$0])" })
        #expect(try found("fell_on") == fell.map { "prompt-\($0) \(d[$0])" })
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(lines[4] == "by prompt, villain at resid_post.0, mask all" && lines[5].hasPrefix("rose most on"))
        #expect(lines[6].hasPrefix("prompt-\(rose[0])") && lines[6].contains("prompt-\(fell[0])"))
        let other = try #require((0..<40).first { !kept.latents.contains($0) })
        guard case .text(let none) = try LatentCard(sample.bundle, selection, latents: [other]).printout(.table) else {
            return
        }
        #expect(!none.contains("by prompt"))
    }

    @Test("a latent that is not there is refused")
    func unknown() throws {
        for latent in [-1, 40] {
            let error = try inputError { _ = try LatentCard(sample.bundle, .init(), latents: [latent]) }
            #expect(error.place == "--latent" && error.expected == "0 to 39" && error.kind == .usage)
        }
    }
}
