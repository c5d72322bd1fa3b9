import Testing
@testable import Cluster

@Suite struct AllowanceTests {
    @Test("twenty lines at once, then one a second, each kind by itself")
    func lines() {
        var allowance = Allowance<String>()
        let logged = { (count: Int, kind: String, at: Double) in (0..<count).count { _ in allowance.take(kind, at: at) }
        }
        #expect(logged(1000, "a", 5) == 20)
        #expect(logged(3, "b", 5) == 3)
        #expect(logged(1000, "a", 5.5) == 0)
        #expect(logged(1000, "a", 6) == 1)
        #expect(logged(1000, "a", 8.5) == 2)
        #expect(logged(1000, "a", 1000) == 20)
        #expect(logged(1000, "b", 1000) == 20)
    }

    @Test("what was refused is counted, until something is allowed again; kinds that have all of theirs are forgotten")
    func counting() {
        var allowance = Allowance<Int>(burst: 2, seconds: 1)
        #expect((0..<5).map { _ in allowance.takeCounting(0, at: 0) } == [0, 0, nil, nil, nil])
        #expect(allowance.takeCounting(0, at: 1) == 3)
        #expect(allowance.takeCounting(0, at: 3) == 0)
        for kind in 1..<100_000 { _ = allowance.take(kind, at: Double(kind)) }
        #expect(allowance.kinds <= 4096)
    }

    @Test("a disk that does not write is told of twice, then twice a minute")
    func sparing() {
        var allowance = Allowance<String>(burst: 2, seconds: 30)
        let lines = (0..<400).count { allowance.take("disk", at: Double($0) * 0.25) }
        #expect(lines == 2 + 3)
    }
}
