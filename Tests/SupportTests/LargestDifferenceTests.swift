import Testing

@testable import TestSupport

/// What a comparison lets pass, and what it never does.
@Suite struct LargestDifferenceTests {
    private func compare(
        _ found: [Double], _ expected: [Double], _ scale: LargestDifference.Scale = .one
    ) -> LargestDifference {
        var largest = LargestDifference()
        largest.add(found, expected, relativeTo: scale, at: "x")
        return largest
    }

    @Test("a NaN on either side is below no tolerance, wherever it stands", arguments: 0..<3)
    func notANumber(at place: Int) {
        let numbers = [1.0, 2, 3]
        var spoilt = numbers
        spoilt[place] = .nan
        for scale in [.one, .value(2), .each(), .each(atLeast: 1), .rows(width: 3)] as [LargestDifference.Scale] {
            for largest in [
                compare(spoilt, numbers, scale), compare(numbers, spoilt, scale), compare(spoilt, spoilt, scale),
            ] {
                #expect(largest.value.isNaN && !(largest.value < .infinity))
            }
        }
        #expect(
            compare(spoilt, numbers).description == "nan (3 numbers; x[\(place)]: nan instead of \(numbers[place]))")
    }

    @Test("a NaN is not forgotten for what comes after it")
    func lastingNaN() {
        var largest = compare([.nan], [1])
        largest.add([5.0], [1.0])
        largest.add([1.0, 2], [1.0])
        #expect(largest.value.isNaN && largest.description.contains("x[0]: nan instead of 1.0"))
    }

    @Test("an infinity is below no tolerance, not even against the same one")
    func infinity() {
        for (found, expected) in [
            (Double.infinity, 1.0), (1, .infinity), (.infinity, .infinity), (-.infinity, .infinity),
        ] {
            #expect(compare([found], [expected]).value.isNaN)
            // Nor does an infinite scale make the others equal.
            #expect(compare([found, 2], [expected, 9], .rows(width: 2)).value.isNaN)
            #expect(compare([found], [expected], .each()).value.isNaN)
        }
        #expect(compare([1], [2], .value(.infinity)).value.isNaN && compare([1], [2], .value(-1)).value.isNaN)
    }

    @Test("more numbers than expected, or fewer, or none at all, are below no tolerance")
    func counts() {
        #expect(compare([1, 2], [1]).value == .infinity && compare([1], [1, 2]).value == .infinity)
        #expect(compare([1], [1, 2]).description == "inf (0 numbers; x: 1 numbers instead of 2)")
        #expect(compare([1, 2, 3], [1, 2, 3], .rows(width: 2)).value == .infinity)
        #expect(compare([1], [1], .rows(width: 0)).value == .infinity)
        #expect(compare([], []).value.isNaN && LargestDifference().value.isNaN)
        #expect(LargestDifference().description == "nan (0 numbers; nothing was compared)")
    }

    @Test("the largest difference, and where it is")
    func largest() {
        var largest = compare([1, 5, 3], [1, 2, 3])
        #expect(largest.value == 3 && largest.count == 3)
        largest.add(10.5, 10.0, at: "y")
        #expect(largest.description == "3.0 (4 numbers; x[1]: 5.0 instead of 2.0)")
        largest.add([Float(0)], [-4.0], at: "z")
        #expect(largest.description == "4.0 (5 numbers; z[0]: 0.0 instead of -4.0)")
    }

    @Test("differences are relative to what they are said to be")
    func scales() {
        #expect(compare([1], [3], .value(4)).value == 0.5)
        #expect(compare([1, -10], [2, -8], .each()).value == 0.5)
        #expect(compare([1, 0.5], [2, 0.25], .each(atLeast: 4)).value == 0.25)
        // Rows of lengths 5 and 10.
        #expect(compare([3, 5, 6, 10], [3, 4, 6, 8], .rows(width: 2)).value == 0.2)
        // Nothing is small beside nothing; what is equal is equal all the same.
        #expect(compare([1], [0], .each()).value == .infinity && compare([0], [0], .each()).value == 0)
        #expect(compare([0, 1e-30], [0, 0], .rows(width: 2)).value == .infinity)
        #expect(compare([0, 0], [0, 0], .rows(width: 2)).value == 0)
    }
}
