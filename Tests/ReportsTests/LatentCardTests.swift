import Inputs
import Latents
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
        #expect(lines[0] == "latent 3" && lines[5] == "latent 4" && lines[4].isEmpty)
        #expect(lines[2].hasPrefix("villain") && lines[3].hasPrefix("careful (control)") && lines[3].hasSuffix(" -"))
        #expect(lines[2].contains(" of 40  "))
    }

    @Test("a latent that is not there is refused")
    func unknown() throws {
        for latent in [-1, 40] {
            let error = try inputError { _ = try LatentCard(sample.bundle, .init(), latents: [latent]) }
            #expect(error.place == "--latent" && error.expected == "0 to 39" && error.kind == .usage)
        }
    }
}
