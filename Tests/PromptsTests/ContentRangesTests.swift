import TestSupport
import Testing
@testable import Prompts

@Suite struct ContentRangesTests {
    @Test("a token lies in a content as it does by looking at all of them, in whatever order they come")
    func membership() {
        var random = SeededGenerator(seed: 1)
        for _ in 0..<200 {
            var (at, contents): (Int, [Range<Int>]) = (0, [])
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let begin = at + Int.random(in: 0...2, using: &random)
                at = begin + Int.random(in: 0...4, using: &random)
                contents.append(begin..<at)
            }
            let ranges = ContentRanges(contents.shuffled(using: &random))
            for begin in 0...at + 2 {
                for end in begin...at + 3 {
                    let isInside =
                        begin < end && contents.contains { $0.lowerBound <= begin && end <= $0.upperBound }
                    #expect(ranges.contain(begin..<end) == isInside, "\(begin..<end) in \(contents)")
                }
            }
        }
    }
}
