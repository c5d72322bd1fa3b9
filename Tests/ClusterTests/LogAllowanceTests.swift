import Testing
@testable import Cluster

@Suite struct LogAllowanceTests {
    @Test("twenty lines at once, then one a second, each kind by itself")
    func lines() {
        var allowance = LogAllowance<String>()
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

    @Test("a disk that does not write is told of twice, then twice a minute")
    func sparing() {
        var allowance = LogAllowance<String>(burst: 2, seconds: 30)
        let lines = (0..<400).count { allowance.take("disk", at: Double($0) * 0.25) }
        #expect(lines == 2 + 3)
    }
}
