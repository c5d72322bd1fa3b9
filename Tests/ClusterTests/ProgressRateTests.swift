import Testing
@testable import Cluster

@Suite struct ProgressRateTests {
    @Test("of a job that is half done already, only what is seen from now on counts, and nothing is guessed before")
    func attached() {
        var rate = ProgressRate()
        rate.note(tokens: 500_000, at: 100)
        #expect(rate.perSecond(at: 100) == nil)
        // A shard that was computed for minutes before anybody looked: half a second says nothing.
        rate.note(tokens: 504_000, at: 100.5)
        #expect(rate.perSecond(at: 101) == nil)
        rate.note(tokens: 504_000, at: 110)
        #expect(rate.perSecond(at: 110) == nil)
        rate.note(tokens: 508_000, at: 120.5)
        #expect(rate.perSecond(at: 120.5) == 200)
        // Between two steps it stays as it is; where the next one fails to come it falls.
        rate.note(tokens: 508_000, at: 140)
        #expect(rate.perSecond(at: 140) == 200)
        #expect(rate.perSecond(at: 160.5) == 4_000.0 / 60)
        rate.note(tokens: 512_000, at: 160.5)
        #expect(rate.perSecond(at: 160.5) == 8_000.0 / 60)
    }

    @Test("after results were taken back it is measured anew")
    func takenBack() {
        var rate = ProgressRate()
        for (tokens, at) in [(0, 0.0), (10, 1), (20, 2)] { rate.note(tokens: tokens, at: at) }
        #expect(rate.perSecond(at: 2) == 10)
        rate.note(tokens: 5, at: 3)
        #expect(rate.perSecond(at: 3) == nil)
        rate.note(tokens: 10, at: 4)
        #expect(rate.perSecond(at: 4) == 5)
    }
}
