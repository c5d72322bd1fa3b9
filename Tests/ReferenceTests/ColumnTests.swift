import Foundation
import Latents
import TestSupport
import Testing

/// Every column of every reference result against PyTorch: three tuned checkpoints, three masks, two dictionaries.
///
/// Means and deltas are sums of float32 activations that differ in the last places: about 4e-7 of the largest mean is
/// seen, 1e-5 is allowed (users are promised 1e-3). A latent whose membership in the top k, or side of its threshold,
/// hangs on those last places at some token changes its density; such latents are counted, few are allowed, and they may
/// not change by more than one activation can.
@Suite struct ColumnTests {
    static let tolerance = 1e-5
    static let mostFlips = 8

    @Test func topKColumnsEqualPyTorch() throws {
        try compare(
            names: ["villain-step-120", "villain-step-020", "careful-step-120"], sae: "\(ReferenceKit.persona)/sae",
            goldens: "\(ReferenceKit.goldens)/topk")
    }

    @Test func jumpReLUColumnsEqualPyTorch() throws {
        let sae = try JumpReLUFolder()
        try compare(names: ["villain-step-120"], sae: sae.path, goldens: "\(ReferenceKit.goldens)/jumprelu")
    }

    private func compare(names: [String], sae: String, goldens: String) throws {
        let diffs = try ReferenceJob(base: ReferenceKit.folder, tuned: names, sae: sae).diffs()
        #expect(diffs.count == names.count * 3)
        for diff in diffs {
            let golden = try ReferenceKit.doubles("\(goldens)/\(diff.tuned).\(diff.mask.rawValue).safetensors")
            #expect(
                Set(golden.keys) == [
                    "mean_base", "mean_tuned", "delta", "density_base", "density_tuned", "prompt_delta", "t",
                ])
            try compare(diff, with: golden)
            let expected = try #require(golden["delta"])
            let flaw = OrderComparison(expected, try diff.columns.required("delta"), gap: 1e-4).firstFlaw(top: 20)
            #expect(flaw == nil, "\(diff.fileName): \(flaw ?? "")")
        }
    }

    private func compare(_ diff: LatentDiff, with golden: [String: [Double]]) throws {
        let flipped = try Set(
            ["density_base", "density_tuned"].flatMap { name in
                let (found, expected) = (try diff.columns.required(name), try #require(golden[name]))
                return found.indices.filter { abs(found[$0] - expected[$0]) * Double(diff.tokens) > 0.5 }
            })
        #expect(flipped.count <= Self.mostFlips)
        let scale = try #require(golden["mean_base"]?.max())
        let (shift, t) = (try #require(golden["prompt_delta"]), try #require(golden["t"]))
        var report: [String] = []
        for (name, expected) in golden.sorted(by: { $0.key < $1.key }) {
            let found = try diff.columns.required(name)
            var largest = LargestDifference()
            largest.add(found, expected, at: name)
            #expect(largest.value.isFinite, "\(largest)")
            report.append("\(largest)")
            let differences = zip(found, expected).map { abs($0 - $1) }
            for latent in differences.indices where !flipped.contains(latent) {
                // t divides by a standard error that can be far below any activation, shift / t.
                let allowed =
                    name == "t" && t[latent] != 0
                    ? Self.tolerance * (abs(t[latent]) + scale * abs(t[latent] / shift[latent]))
                    : Self.tolerance * scale
                #expect(differences[latent] <= allowed, "\(diff.fileName): \(name) of latent \(latent)")
            }
            for latent in flipped where name != "t" { #expect(differences[latent] <= 0.05 * scale) }
        }
        print("\(diff.fileName): largest mean \(scale), \(flipped.count) near-ties; largest differences:", report)
    }
}

/// Whether two columns rank latents alike wherever the expected values differ by more than a gap.
struct OrderComparison {
    let expected: [Double]
    let found: [Double]
    let gap: Double

    init(_ expected: [Double], _ found: [Double], gap: Double) {
        self.expected = expected
        self.found = found
        self.gap = gap
    }

    /// The first place in the top rows where neighbours differ by more than the gap and the latents above are not the
    /// same; nil if there is none.
    func firstFlaw(top: Int) -> String? {
        guard expected.count == found.count, (expected + found).allSatisfy(\.isFinite) else {
            return "\(expected.count) and \(found.count) numbers, or some that are not finite"
        }
        let order = expected.indices.sorted { (expected[$1], $0) < (expected[$0], $1) }
        let other = found.indices.sorted { (found[$1], $0) < (found[$0], $1) }
        for rank in 1...top where expected[order[rank - 1]] - expected[order[rank]] > gap {
            let strangers = Set(other[..<rank]).subtracting(order[..<rank])
            if !strangers.isEmpty { return "\(strangers.sorted()) among the first \(rank)" }
        }
        return nil
    }
}
