import Foundation
import Inputs
import Latents
import Prompts
import TestSupport
import Testing
@testable import Reports

@Suite struct RankingReportTests {
    let sample: BundleSample

    init() throws { sample = try BundleSample() }

    private func report(
        _ selection: ResultSelection = ResultSelection(), by: String = "delta", top: Int = 4, bottom: Int = 0,
        where condition: String? = nil
    ) throws -> RankingReport {
        try RankingReport(
            sample.bundle, selection,
            .init(
                by: RankColumn(by), top: top, bottom: bottom,
                condition: condition.map { try ColumnCondition($0, place: "--where") }))
    }

    private func text(_ report: RankingReport, allTables: Bool = false) throws -> String {
        guard case .text(let text) = try report.printout(.table, allTables: allTables) else { return "no text" }
        return text
    }

    @Test("any column ranks, and the smallest of probabilities come first")
    func anyColumn() throws {
        let columns = sample.diffs[0].columns
        for name in RankColumn.names(with: columns.names) {
            let part = try report(.init(tuned: "villain", mask: .all), by: name, top: 40).parts[0]
            let values = try RankColumn(name).values(in: columns)
            #expect(Set(part.ranking.top.map(\.latent)) == Set(0..<40))
            let ranked = part.ranking.top.map(\.value)
            #expect(ranked == part.ranking.top.map { values[$0.latent] })
            let isSmallestFirst = ["p", "q"].contains(name)
            #expect(ranked == (isSmallestFirst ? values.sorted() : values.sorted(by: >)), "\(name)")
        }
    }

    @Test("a column that only some results have leaves the others out, and says so")
    func controls() throws {
        let report = try report(by: "delta_minus_careful")
        #expect(report.parts.map(\.entry.tuned) == ["villain", "villain"])
        #expect(
            report.remarks == [
                """
                left out, for want of delta_minus_careful: careful at resid_post.0, mask all; careful at resid_post.0, mask last
                """
            ])
    }

    @Test("shards that were to be verified and were not are told")
    func verification() throws {
        let file = sample.bundle.folder + "/verification.json"
        for (skipped, remarks) in [(0, 0), (3, 1)] {
            let text = #"{"agreed": 7, "disputed": 0, "shards": 10, "skipped": \#(skipped), "voices": 2}"#
            try AtomicFile.write(Array(text.utf8), to: file)
            let told = try report().remarks
            #expect(
                told.count == remarks && told.allSatisfy { $0.hasPrefix("3 of 10 shards that were to be verified") })
        }
        try AtomicFile.write(Array("{}".utf8), to: file)
        #expect(throws: InputError.self) { try report() }
    }

    @Test("prompts that say what others say are told")
    func duplicates() throws {
        for (near, expected) in [
            (2, "of the prompts 1 have the text of an earlier one, 2 nearly that of an earlier one: "),
            (nil, "of the prompts 1 have the text of an earlier one: "),
        ] as [(Int?, String)] {
            let duplicates = try JSONDecoder().decode(
                PromptDuplicates.self,
                from: Data(#"{"exact": 1, "near": \#(near.map(String.init) ?? "null"), "pairs": []}"#.utf8))
            let sample = try BundleSample(duplicates: duplicates)
            let order = RankingReport.Order(by: RankColumn("delta"), top: 1, bottom: 0)
            let told = try RankingReport(sample.bundle, .init(), order).remarks
            #expect(told.count == 1 && told[0].hasPrefix(expected), "\(told)")
            #expect(told[0].hasSuffix("too many prompts to look for near-duplicates") == (near == nil))
        }
    }

    @Test("a column that no result has is refused, with what was meant")
    func unknownColumn() throws {
        for (by, condition, place, meant) in [
            ("detla", nil, "--rank-by", "delta"), ("delta", "qq < 1", "--where", "q"),
            ("delta_minus_carefull", nil, "--rank-by", "delta_minus_careful"),
        ] as [(String, String?, String, String)] {
            let error = try inputError { _ = try report(by: by, where: condition) }
            #expect(error.place == place && error.kind == .usage && error.hint == "did you mean '\(meant)'?")
        }
    }

    @Test("the table says everything that it leaves out, and the split half in words")
    func table() throws {
        let report = try report(.init(tuned: "villain", mask: .all), top: 2, bottom: 1, where: "t > 0 or t < -1")
        let columns = sample.diffs[0].columns
        let meeting = try #require(columns["t"]).count { $0 > 0 || $0 < -1 }
        let lines = try text(report).split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("villain at resid_post.0, mask all: 8 prompts, 36 tokens, "))
        let half = sample.diffs[0].splitHalf
        #expect(
            lines[1].hasPrefix(
                """
                split half: of the \(half.tested) latents that half A (\(half.promptsA) prompts) ranks first by delta, \(half.sameSign) \
                moved the same way in half B (\(half.promptsB) prompts), \(half.qBelow) with q < 0.05; Spearman's ρ of delta 
                """))
        #expect(half.tested == 5 && half.promptsA + half.promptsB == 8)
        #expect(lines[2] == "only the \(meeting) latents where t > 0 or t < -1")
        #expect(lines[3] == "  rose most by delta" && lines[7] == "  fell most by delta" && lines.count == 10)
    }

    @Test("what did not rise is not among those that rose most")
    func signs() throws {
        let none = try report(.init(tuned: "villain", mask: .all), top: 3, bottom: 3, where: "delta > 0")
        #expect(none.parts[0].ranking.bottom.count == 3)
        #expect(try text(none).contains("fell most by delta: none"))
    }

    @Test("more than two results are summed up on a line each")
    func summary() throws {
        let lines = try text(report(bottom: 1)).split(separator: "\n").map(String.init)
        #expect(lines[0] == "4 results" && lines[1].hasSuffix("fell most by delta"))
        for (line, diff) in zip(lines[2...], sample.diffs) {
            #expect(line.hasPrefix(diff.tuned) && line.contains(diff.mask.rawValue))
            let top = try Ranking(diff.columns, by: RankColumn("delta"), top: 3, bottom: 0).top
            #expect(line.contains(top.map { "\($0.latent) \(ValueFormat.signed($0.value))" }.joined(separator: ", ")))
        }
        #expect(try text(report(), allTables: true).components(separatedBy: "rose most by delta").count == 5)
    }

    @Test("CSV has every column of every result, and nothing else")
    func csv() throws {
        guard case .csv(let rows) = try report(top: 2, bottom: 1).printout(.csv, allTables: false) else {
            Issue.record("no CSV")
            return
        }
        #expect(rows.count == 1 + 4 * 3 && Set(rows.map(\.count)).count == 1)
        #expect(rows[0].prefix(6) == ["tuned", "hook", "mask", "list", "rank", "latent"])
        let at = try #require(rows[0].firstIndex(of: "delta_minus_careful"))
        #expect(rows.dropFirst().allSatisfy { ($0[0] == "villain") == !$0[at].isEmpty })
        let delta = try #require(rows[0].firstIndex(of: "delta"))
        let latent = try #require(Int(rows[1][5]))
        #expect(try Double(rows[1][delta]) == sample.diffs[0].columns.required("delta")[latent])
    }

    @Test("tables are aligned, and have names of latents and the column that ranks where these are not there already")
    func alignment() throws {
        var columns = LatentColumns(latents: 13)
        for (name, value) in [("delta", 80 / 7.0), ("mean_base", 0), ("mean_tuned", 80 / 7.0), ("density_base", 0)] {
            columns.append(name, (0..<13).map { $0 == 12 ? value : 0 })
        }
        for (name, value) in [("density_tuned", 1), ("prompt_delta", 2), ("t", 3), ("q", 0.001), ("cohens_d", -1.5)] {
            columns.append(name, (0..<13).map { $0 == 12 ? value : 0 })
        }
        columns.append("delta_minus_c", (0..<13).map { $0 == 12 ? 11 : -1 })
        let names = (0..<13).map { $0 == 12 ? "a\u{1b}b" : "n" }
        for (by, last) in [("delta", "delta_minus_c"), ("cohens_d", "cohens_d")] {
            let ranking = try Ranking(columns, by: RankColumn(by), top: 2, bottom: 1, latentNames: names)
            let rows = by == "delta" ? ranking.top : ranking.bottom
            let lines = RankingTable(rows, of: ranking).description.split(separator: "\n")
            let titles = lines[0].components(separatedBy: "  ").map { String($0.trimmingPrefix(" ")) }.filter {
                !$0.isEmpty
            }
            #expect(
                titles == [
                    "rank", "latent", "name", "delta", "mean base → tuned", "density base → tuned", "prompt_delta", "t",
                    "q",
                ]
                    + (by == "delta" ? [] : ["delta_minus_c"]) + [last])
            #expect(lines[1].contains("12  a\\u{1b}b  +11.4286"))
            #expect(lines[1].contains("0.0000 → 11.4286") && lines[1].contains("0.00% → 100.00%"))
            #expect(lines[1].contains("+11.0000") && lines[1].hasSuffix(by == "delta" ? "+11.0000" : "-1.5000"))
            #expect(Set(lines.map(\.count)).count == 1)
        }
    }

    @Test("titles of results with different columns are all there, in their order")
    func titles() {
        #expect(Titles.union([["a", "c", "d"], ["a", "b", "c"]]) == ["a", "b", "c", "d"])
        #expect(
            Titles.union([["rank", "latent", "x", "y"], ["rank", "latent", "name", "x"]])
                == ["rank", "latent", "name", "x", "y"])
        #expect(Titles.union([]).isEmpty)
    }
}
