import Inputs
import Latents
import Prompts
import TestSupport
import Testing
@testable import Reports

@Suite struct ComparisonTests {
    let steps: BundleSample
    let other: BundleSample

    init() throws {
        steps = try BundleSample(
            tuned: (1...3).map { "{name: step-\($0), adapter: a\($0)}" } + [
                "{name: careful, adapter: b, control: true}"
            ],
            masks: "[all]")
        other = try BundleSample(tuned: ["{name: step-1, adapter: a}"], masks: "[all]", seed: 1)
    }

    @Test("the rows are the latents that moved most in any checkpoint, with each one's value and q")
    func rows() throws {
        let comparison = try Comparison(
            [steps.bundle], hook: "resid_post.0", mask: .all, by: RankColumn("delta"), top: 6, chosen: [])
        let deltas = try steps.diffs.map { try $0.columns.required("delta") }
        let most = (0..<40).map { latent in deltas.map { abs($0[latent]) }.max() ?? 0 }
        let expected = (0..<40).sorted { (most[$1], $0) < (most[$0], $1) }.prefix(6)
        #expect(comparison.rows.map(\.latent) == Array(expected))
        for row in comparison.rows {
            #expect(row.values == deltas.map { $0[row.latent] })
            #expect(try row.q == steps.diffs.map { try $0.columns.required("q")[row.latent] })
        }
        #expect(comparison.checkpoints.map(\.label) == ["step-1", "step-2", "step-3", "careful"])
    }

    @Test("checkpoints of one name are told apart by their bundles; what bundles differ in is said")
    func severalBundles() throws {
        let third = try BundleSample(tuned: ["{name: step-9, adapter: a}"], masks: "[all]", seed: 2, promptsDigest: "r")
        let report = try ComparisonReport(
            [steps.bundle, other.bundle, third.bundle], .init(), by: RankColumn("delta"), top: 3, latents: [])
        #expect(
            report.comparisons[0].checkpoints.map(\.label) == [
                "run0/step-1", "run0/step-2", "run0/step-3", "run0/careful", "run1/step-1", "run2/step-9",
            ])
        #expect(report.remarks == ["the bundles have different prompts: mind what a difference may come from"])
    }

    @Test("latents of different dictionaries are never put side by side")
    func dictionaries() throws {
        let stranger = try BundleSample(masks: "[all]", sae: "another")
        let error = try inputError {
            _ = try ComparisonReport(
                [steps.bundle, stranger.bundle], .init(), by: RankColumn("delta"), top: 3, latents: [])
        }
        #expect(error.place == stranger.bundle.folder && error.found == "SHA-256 \(Digest(of: "another"))")
    }

    @Test(
        "a column that some checkpoints lack is empty for these; latents that are asked for come as they are asked for")
    func text() throws {
        let report = try ComparisonReport(
            [steps.bundle], .init(), by: RankColumn("delta_minus_careful"), top: 3, latents: [7, 2])
        guard case .text(let text) = report.printout(.table), case .csv(let rows) = report.printout(.csv) else {
            Issue.record("no text or no CSV")
            return
        }
        let lines = text.split(separator: "\n").map(String.init)
        #expect(lines[0].hasPrefix("delta_minus_careful at resid_post.0, mask all, in 4 tuned checkpoints"))
        #expect(lines[1] == "the latents asked for" && lines.count == 5)
        #expect(lines[3].contains("     7  ") && lines[4].contains("     2  ") && lines[3].contains(" - "))
        #expect(rows.count == 1 + 2 * 4 && rows[4][4] == "careful" && rows[4][6].isEmpty && !rows[3][6].isEmpty)
        for latent in [-1, 40] {
            let error = try inputError {
                _ = try ComparisonReport([steps.bundle], .init(), by: RankColumn("t"), top: 3, latents: [latent])
            }
            #expect(error.place == "--latent" && error.kind == .usage)
        }
        let error = try inputError {
            _ = try ComparisonReport([steps.bundle], .init(), by: RankColumn("tt"), top: 3, latents: [])
        }
        #expect(error.place == "--rank-by" && error.hint == "did you mean 't'?")
    }

    @Test("a line of bars has its own scale, which has zero in it")
    func sparkline() {
        #expect("\(Sparkline([0, 1, 2, 4]))" == "▁▃▅█")
        #expect("\(Sparkline([3, 4]))" == "▇█")
        #expect("\(Sparkline([-2, 0, 2, nil]))" == "▁▅█ ")
        #expect("\(Sparkline([-4, -1]))" == "▁▇")
        #expect("\(Sparkline([0, 0]))" == "▁▁" && "\(Sparkline([]))".isEmpty && "\(Sparkline([.nan]))" == " ")
    }
}
