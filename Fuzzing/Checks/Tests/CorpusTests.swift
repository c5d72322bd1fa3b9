import Foundation
import Inputs
import TestSupport
import Testing

/// The same checks that scripts/fuzz runs for minutes with sanitizers, for seconds and without them: every input of the
/// corpus and every seed, and simple changes of them. `ACTDIFF_MUTATIONS=N` changes as many of each target.
@Suite("Readers take any bytes", .serialized)
struct CorpusTests {
    private static let mutations = ProcessInfo.processInfo.environment["ACTDIFF_MUTATIONS"].flatMap { Int($0) } ?? 500

    @Test("what must hold for any bytes holds for the corpus and for what is near it", arguments: FuzzTarget.allCases)
    func corpus(_ target: FuzzTarget) throws {
        let seeds = try target.checks.seeds()
        #expect(!seeds.isEmpty)
        let inputs = try seeds + Repository.corpus(target).map(Repository.bytes)
        let trial = Trial(target.rawValue, try target.checks.init())
        for input in [[]] + inputs { try trial.run(input) }
        var mutations = Mutations(of: inputs, seed: 19)
        for _ in 0..<Self.mutations { try trial.run(mutations.next()) }
    }

    /// The others' seeds are what encoders made, which the checks hold against what is decoded.
    @Test(
        "most seeds are accepted, so that what is near them gets far",
        arguments: Set(FuzzTarget.allCases).subtracting([.messages, .frames, .texts]))
    func seeds(_ target: FuzzTarget) throws {
        let (checks, seeds) = (try target.checks.init(), try target.checks.seeds())
        let refused = try seeds.filter { seed in
            let acceptances = Acceptances()
            try Acceptances.$counted.withValue(acceptances) { try checks.check(seed) }
            return acceptances.count.load(ordering: .relaxed) == 0
        }
        #expect(refused.count * 3 <= seeds.count, "\(refused.map { String(decoding: $0.prefix(80), as: UTF8.self) })")
    }

    @Test("every folder of the corpus belongs to a target, and all of it is small")
    func folders() throws {
        let names = try Repository.files("Fuzzing/Corpus").map { ($0 as NSString).lastPathComponent }
        #expect(Set(names).isSubset(of: FuzzTarget.allCases.map(\.rawValue)))
        let sizes = try FuzzTarget.allCases.flatMap { try Repository.corpus($0).map { try Repository.bytes($0).count } }
        #expect(sizes.reduce(0, +) < 400_000)
    }
}

/// The net itself: it would be of no use if it let everything through.
@Suite("Fuzzing finds what it should")
struct TrialTests {
    @Test("what does not hold for a change of a seed is found")
    func broken() throws {
        let trial = Trial("planted", PlantedChecks())
        var mutations = Mutations(of: try PlantedChecks.seeds(), seed: 1)
        for input in try PlantedChecks.seeds() { try trial.run(input) }
        let error = #expect(throws: Broken.self) {
            for _ in 0..<10_000 { try trial.run(mutations.next()) }
        }
        let found = try #require(error).description
        #expect(found.hasPrefix("a number that is too large: "))
        // Its input was kept.
        let file = try keptInput(found)
        #expect(throws: Broken.self) {
            try PlantedChecks().check(Array(Data(contentsOf: URL(fileURLWithPath: file))))
        }
        try FileManager.default.removeItem(atPath: file)
    }

    /// The path that a finding names.
    private func keptInput(_ finding: String) throws -> String {
        String(try #require(finding.split(separator: " ").first { $0.hasPrefix("/") }).dropLast())
    }

    @Test("an input that never ends is found")
    func endless() throws {
        let trial = Trial("endless", EndlessChecks(), patience: 0.1)
        let error = #expect(throws: Broken.self) { try trial.run([1]) }
        let found = try #require(error).description
        #expect(found.hasPrefix("it does not end; the input is "))
        try FileManager.default.removeItem(atPath: try keptInput(found))
    }

    @Test("a refusal is an InputError that says something, and nothing else")
    func refusals() throws {
        #expect(try accepted { 1 } == 1)
        #expect(try accepted { () throws -> Int? in throw InputError("place", expected: "a", found: "b") } == nil)
        #expect(throws: Broken.self) { try accepted { throw InputError("place", expected: "", found: "b") } }
        #expect(throws: Broken.self) { try accepted { throw CocoaError(.fileReadCorruptFile) } }
        #expect(throws: Broken.self) { try must("it") { throw InputError("place", expected: "a", found: "b") } }
    }

    @Test("an input replaces files of a folder, or takes them away, and they come back")
    func folder() throws {
        let folder = try PatchedFolder([("a", [1]), ("b", nil), ("c", [3])])
        func contents(_ path: String) -> [[UInt8]?] {
            ["a", "b", "c"].map { try? Array(Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)"))) }
        }
        var seen: [[[UInt8]?]] = []
        for input in [
            PatchedFolder.input([(0, [7]), (1, [8])], rest: [9]), PatchedFolder.input([(2, PatchedFolder.gone)]), [4],
        ] {
            try folder.patched(input) { path, rest in seen.append(contents(path) + [rest]) }
        }
        #expect(seen == [[[7], [8], [3], [9]], [[1], nil, nil, []], [[1], nil, [], []]])
        #expect(folder.seeds(rest: [5]).count == 2)
        try folder.patched([0]) { path, _ in #expect(contents(path) == [[1], nil, [3]]) }
    }
}

/// Has a fault: it takes no number of five digits.
private struct PlantedChecks: Checks {
    func check(_ input: [UInt8]) throws {
        let number = Int(String(decoding: input.filter { $0 >= 48 && $0 < 58 }, as: UTF8.self))
        try demand(number ?? 0 < 10_000, "a number that is too large: \(number ?? 0)")
    }

    static func seeds() throws -> [[UInt8]] { [Array("size: 12, ".utf8), Array("a, b".utf8)] }
}

/// Waits for ever.
private struct EndlessChecks: Checks {
    func check(_ input: [UInt8]) throws { DispatchSemaphore(value: 0).wait() }

    static func seeds() throws -> [[UInt8]] { [] }
}
