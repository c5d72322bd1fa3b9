import Testing

@testable import TestSupport

@Suite struct SeededGeneratorTests {
    private func numbers(_ seed: UInt64, run: UInt64) -> [UInt64] {
        var generator = SeededGenerator(seed: seed, run: run)
        return (0..<100).map { _ in generator.next() }
    }

    @Test("without a seed of the run, the numbers are those of SplitMix64")
    func known() {
        // From Vigna's splitmix64.c with the state 1234567.
        #expect(
            numbers(1_234_567, run: 0).prefix(3) == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test("the same seeds give the same numbers, others share none")
    func seeds() {
        #expect(numbers(7, run: 5) == numbers(7, run: 5))
        let all = (0..<4).flatMap { run in (0..<4).flatMap { numbers($0, run: run) } }
        #expect(Set(all).count == all.count)
    }

    @Test("the variable names the run's seed") func variable() {
        #expect(SeededGenerator.number(nil) == 0 && SeededGenerator.number("18446744073709551615") == .max)
    }
}
