import Foundation
import Kernels
import Testing

/// What mpmath makes of each argument (`scripts/goldens/elementary.py`), to the last bit: signs of zeros and NaN, too.
@Suite struct ElementaryTests {
    @Test func expIsRightToTheLastBit() throws { try compare("exp") { elementary_exp($0[0]) } }
    @Test func logIsRightToTheLastBit() throws { try compare("log") { elementary_log($0[0]) } }
    @Test func log1pIsRightToTheLastBit() throws { try compare("log1p") { elementary_log1p($0[0]) } }
    @Test func powIsRightToTheLastBit() throws { try compare("pow") { elementary_pow($0[0], $0[1]) } }
    @Test func cosIsRightToTheLastBit() throws { try compare("cos") { elementary_cos($0[0]) } }
    @Test func sinIsRightToTheLastBit() throws { try compare("sin") { elementary_sin($0[0]) } }

    /// A NaN of another sign or with a payload becomes the one NaN.
    @Test func thereIsOneNaN() {
        let strange = Double(bitPattern: 0xFFF8_0000_0000_1234)
        let found = [
            elementary_exp(strange), elementary_log(strange), elementary_log1p(strange), elementary_pow(strange, 2),
            elementary_pow(2, strange), elementary_cos(strange), elementary_sin(strange), elementary_log(-1),
            elementary_cos(.infinity), elementary_pow(-2, 0.5),
        ]
        #expect(Set(found.map(\.bitPattern)) == [0x7FF8_0000_0000_0000])
    }

    private func compare(_ name: String, _ function: ([Double]) -> Double) throws {
        let path = try #require(Bundle.module.path(forResource: "elementary", ofType: "json", inDirectory: "Goldens"))
        let goldens = try JSONDecoder().decode(
            [String: [[String]]].self, from: Data(contentsOf: URL(filePath: path)))
        let rows = try #require(goldens[name])
        var (differing, furthest) = ([String](), UInt64(0))
        for row in rows {
            let numbers = try row.map { try #require(Double($0)) }
            let expected = try #require(numbers.last)
            let found = function(numbers.dropLast())
            guard found.bitPattern != expected.bitPattern else { continue }
            differing.append("\(name)(\(row.dropLast().joined(separator: ", "))): \(found) instead of \(expected)")
            furthest = max(furthest, unitsBetween(found, expected))
        }
        print("\(name): \(differing.count) of \(rows.count) differ, at most by \(furthest) units in the last place")
        #expect(differing == [])
        #expect(rows.count > 500)
    }

    /// Doubles that lie between, counted along the line of all of them.
    private func unitsBetween(_ a: Double, _ b: Double) -> UInt64 {
        func place(_ x: Double) -> Int64 {
            let bits = Int64(bitPattern: x.bitPattern)
            return bits < 0 ? Int64.min - bits : bits
        }
        let (units, isTooFar) = place(a).subtractingReportingOverflow(place(b))
        return isTooFar ? .max : units.magnitude
    }
}
