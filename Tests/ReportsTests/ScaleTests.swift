import Testing
@testable import Reports

@Suite struct ScaleTests {
    @Test("linear axes hold zero, end at ticks, and have a length where all values are zero")
    func linear() {
        #expect(Scale.linear([0, 0]).ticks.map(\.label) == ["0", "0.2", "0.4", "0.6", "0.8", "1"])
        #expect(Scale.linear([]).place(0) == 0)
        let one = Scale.linear([-0.3])
        #expect(one.low <= -0.3 && one.high == 0 && one.place(0) == 1 && one.place(.nan) == 0)
        #expect(Scale.linear([0.0003]).ticks.map(\.label) == ["0", "10⁻⁴", "2×10⁻⁴", "3×10⁻⁴"])
        #expect(Scale.linear([0.00024]).ticks.map(\.label).contains("1.5×10⁻⁴"))
        #expect(Scale.linear([700_000]).ticks.map(\.label).last == "8×10⁵")
        let both = Scale.linear([-1.2, 0.8])
        #expect(both.ticks.map(\.label) == ["−1.5", "−1", "−0.5", "0", "0.5", "1"])
        #expect(both.ticks.allSatisfy { abs(both.place($0.value) - ($0.value + 1.5) / 2.5) < 1e-12 })
    }

    @Test("logarithmic axes have a place for zeros, before all others")
    func logarithmic() {
        let scale = Scale.logarithmic([0, 0.02, 5])
        #expect(scale.ticks.map(\.label) == ["0", "0.01", "0.1", "1", "10"])
        let places = [0, 0.01, 0.02, 1, 10].map(scale.place)
        #expect(places == places.sorted() && Set(places).count == 5 && places[0] > 0 && places[4] == 1)
        #expect(Scale.logarithmic([1]).ticks.map(\.label) == ["0", "1", "10"])
        #expect(Scale.logarithmic([0, 0]).place(0) < Scale.logarithmic([0, 0]).place(0.5))
    }

    @Test("symmetric axes are as long on both sides, and nothing lies on their edge")
    func symmetric() {
        let scale = Scale.symmetric([-2, 0.5])
        #expect(scale.place(0) == 0.5 && abs(scale.place(1) + scale.place(-1) - 1) < 1e-12)
        #expect(scale.place(-2) > 0 && scale.ticks.map(\.label) == ["−1", "−0.1", "−0.01", "0", "0.01", "0.1", "1"])
        #expect(Scale.symmetric([0]).place(0) == 0.5 && Scale.symmetric([]).place(0.1) > 0.5)
    }

    @Test(
        "values that no axis can hold end nothing",
        arguments: [
            [Double.infinity, -.infinity, .nan], [1e308, -1e308],
            [Double.leastNonzeroMagnitude, -.leastNonzeroMagnitude], [.leastNonzeroMagnitude, 1e308],
        ])
    func extremes(values: [Double]) {
        for scale in [Scale.linear(values), .logarithmic(values), .symmetric(values)] {
            #expect(scale.low < scale.high && !scale.ticks.isEmpty)
            for value in values + [0, 1] { #expect((0...1).contains(scale.place(value))) }
        }
        #expect(Scale.minusLog10(0) == .infinity && abs(Scale.minusLog10(0.001) - 3) < 1e-12)
    }
}
