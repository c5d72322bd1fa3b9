import Foundation
import Inputs
import TestSupport
import Testing
@testable import Latents

/// The numbers of `scripts/goldens/statistics.py`.
struct Goldens {
    let root: Document

    init(_ name: String = "statistics") throws {
        let file = try #require(Bundle.module.path(forResource: name, ofType: "json", inDirectory: "Goldens"))
        root = try Document(jsonFile: file)
    }

    static func numbers(_ list: Document) throws -> [Double] {
        try list.list().map { try $0.number() }
    }
}

@Suite struct FormulaTests {
    /// 1e-10 against 30-digit values, though logarithms of 1e-283 alone cost some 1e-13; 1e-9 against scipy.
    @Test func studentsTHoldsFarIntoTheTails() throws {
        var (exact, scipy) = (LargestDifference(), LargestDifference())
        for row in try Goldens().root.required("t").list() {
            let (t, df) = (try row.required("t").number(), try row.required("df").number())
            let p = StudentT.twoSided(t, degreesOfFreedom: df)
            exact.add(p, try row.required("p").number(), relativeTo: .each(), at: "t \(t), df \(df)")
            // scipy squares t, which overflows beyond 1e154.
            guard t < 1e150 else { continue }
            scipy.add(p, try row.required("scipy").number(), relativeTo: .each(), at: "t \(t), df \(df)")
        }
        print("Student's t, largest relative difference: \(exact) from 30 digits, \(scipy) from scipy")
        #expect(exact.value < 1e-10)
        #expect(scipy.value < 1e-9)
    }

    /// Welch's degrees of freedom are no whole numbers.
    @Test func studentsTTakesDegreesOfFreedomThatAreNotWhole() throws {
        var exact = LargestDifference()
        for row in try Goldens("groups").root.required("t").list() {
            let (t, df) = (try row.required("t").number(), try row.required("df").number())
            exact.add(
                StudentT.twoSided(t, degreesOfFreedom: df), try row.required("p").number(), relativeTo: .each(),
                at: "t \(t), df \(df)")
        }
        print("Student's t, degrees of freedom with a fraction, largest relative difference: \(exact) from 30 digits")
        #expect(exact.value < 1e-10 && exact.count == 42)
    }

    @Test func studentsTIsEvenAndFalls() {
        var last = 1.0
        for t in stride(from: 0.0, through: 40, by: 0.01) {
            let p = StudentT.twoSided(t, degreesOfFreedom: 63)
            #expect(p <= last && p >= 0)
            #expect(p == StudentT.twoSided(-t, degreesOfFreedom: 63))
            last = p
        }
        #expect(StudentT.twoSided(.infinity, degreesOfFreedom: 5) == 0)
    }

    @Test func qValuesAreScipys() throws {
        let golden = try Goldens().root.required("fdr")
        let q = FalseDiscovery.qValues(try Goldens.numbers(golden.required("p")))
        var worst = LargestDifference()
        worst.add(q, try Goldens.numbers(golden.required("q")), relativeTo: .each(), at: "q")
        print("Benjamini–Hochberg, largest relative difference: \(worst)")
        #expect(worst.value < 1e-15)
        #expect(FalseDiscovery.qValues([]) == [])
    }

    @Test func spearmanIsScipys() throws {
        let golden = try Goldens().root.required("spearman")
        let (x, y) = (try Goldens.numbers(golden.required("x")), try Goldens.numbers(golden.required("y")))
        let rho = try #require(Spearman.correlation(x, y))
        var difference = LargestDifference()
        difference.add(rho, try golden.required("rho").number(), at: "rho")
        print("Spearman, difference: \(difference)")
        // A few additions of ranks.
        #expect(difference.value < 1e-13)
        #expect(Spearman.correlation([1, 1], [1, 2]) == nil)
        #expect(Spearman.correlation([1, 2, 3], [5, 6, 90]) == 1)
    }

    @Test func momentsMergedFromPartsAreThoseOfTwoPasses() {
        var random = SeededGenerator(seed: 5)
        var worst = LargestDifference()
        for _ in 0..<300 {
            let values = (0..<Int.random(in: 2...60, using: &random)).map { _ in
                Bool.random(using: &random) ? 0 : Double.random(in: 1...2, using: &random)
            }
            var parts = [PromptMoments](repeating: PromptMoments(latents: 1), count: 2)
            for value in values where value != 0 { parts[Int.random(in: 0...1, using: &random)].add(value, latent: 0) }
            let (mean, deviation) = (parts[0] + parts[1]).meanAndDeviation(0, prompts: values.count)
            let plain = values.reduce(0, +) / Double(values.count)
            let square = values.reduce(0) { $0 + ($1 - plain) * ($1 - plain) }
            let expected = [plain, (square / Double(values.count - 1)).squareRoot()]
            worst.add([mean, deviation], expected, relativeTo: .each(), at: "mean and deviation of \(values)")
        }
        print("Merged moments, largest relative difference: \(worst)")
        #expect(worst.value < 1e-12)
    }

    @Test func equalDifferencesHaveNoDeviationAtAll() {
        var parts = [PromptMoments](repeating: PromptMoments(latents: 1), count: 2)
        for prompt in 0..<64 { parts[prompt % 3 == 0 ? 1 : 0].add(0.1, latent: 0) }
        let (mean, deviation) = (parts[0] + parts[1]).meanAndDeviation(0, prompts: 64)
        #expect(mean == 0.1 && deviation == 0)
    }
}
