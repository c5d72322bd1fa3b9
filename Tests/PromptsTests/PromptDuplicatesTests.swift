import Foundation
import Inputs
import TestSupport
import Testing
@testable import Prompts

@Suite struct PromptDuplicatesTests {
    private func set(_ prompts: [(group: String?, text: String)]) throws -> PromptSet {
        let lines = try prompts.enumerated().map { number, prompt in
            var members: [String: String] = ["id": "\(number)", "text": prompt.text]
            members["group"] = prompt.group
            return String(decoding: try JSONEncoder().encode(members), as: UTF8.self)
        }
        return try PromptSet(Data(lines.joined(separator: "\n").utf8), file: "p.jsonl")
    }

    private func set(_ texts: [String]) throws -> PromptSet { try set(texts.map { (nil, $0) }) }

    @Test("case and white space make no difference; a word does")
    func exact() throws {
        let found = try PromptDuplicates(
            of: set(["What is glass?", "what  is\n GLASS?", "What is the glass?", "What is glass?"]))
        #expect(found.exact == 2 && found.near == 0)
        #expect(
            found.pairs == [
                .init(position: 1, earlier: 0, isExact: true), .init(position: 3, earlier: 0, isExact: true),
            ])
        #expect(try PromptDuplicates(of: set(["a", "b"])).isEmpty)
    }

    @Test("messages are compared with their roles")
    func messages() throws {
        let lines = [("user", "assistant"), ("user", "assistant"), ("system", "user")].enumerated().map {
            """
            {"id": "\($0)", "messages": [{"role": "\($1.0)", "content": "Hi"}, {"role": "\($1.1)", "content": "there"}]}
            """
        }
        let found = try PromptDuplicates(of: PromptSet(Data(lines.joined(separator: "\n").utf8), file: "p.jsonl"))
        #expect(found.pairs == [.init(position: 1, earlier: 0, isExact: true)])
    }

    @Test("pairs of different groups are none")
    func groups() throws {
        let found = try PromptDuplicates(of: set([("a", "one"), ("b", "one"), ("a", "One")]))
        #expect(found.pairs == [.init(position: 2, earlier: 0, isExact: true)])
        let long = (0..<60).map { "word\($0)" }.joined(separator: " ")
        #expect(try PromptDuplicates(of: set([("a", long), ("b", long + " more")])).isEmpty)
    }

    /// Every pair by the definition, with no hash but Swift's own.
    private func similar(_ texts: [String]) -> Set<[Int]> {
        let runs = texts.map { text in
            let words = text.split(separator: " ").map(String.init)
            return Set(
                (0...max(0, words.count - 5)).map { words[$0..<min($0 + 5, words.count)].joined(separator: " ") })
        }
        var found: Set<[Int]> = []
        for one in texts.indices {
            for other in 0..<one {
                let common = runs[one].intersection(runs[other]).count
                if Double(common) > 0.8 * Double(runs[one].union(runs[other]).count) { found.insert([one, other]) }
            }
        }
        return found
    }

    @Test("near-duplicates are those that all pairs of runs of words give", arguments: 0..<5 as Range<UInt64>)
    func near(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var texts: [[String]] = []
        for _ in 0..<120 {
            if let old = texts.randomElement(using: &random), Int.random(in: 0..<3, using: &random) == 0 {
                var changed = old
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    changed[Int.random(in: changed.indices, using: &random)] =
                        "new\(Int.random(in: 0..<1000, using: &random))"
                }
                texts.append(changed)
            } else {
                texts.append(
                    (0..<Int.random(in: 3...120, using: &random)).map { _ in
                        "w\(Int.random(in: 0..<500, using: &random))"
                    })
            }
        }
        let lines = texts.map { $0.joined(separator: " ") }
        let expected = similar(lines)
        let found = try PromptDuplicates(of: set(lines))
        let pairs = found.pairs.filter { !$0.isExact }
        // Every pair that is found is one, and every prompt that has one has some.
        #expect(pairs.allSatisfy { expected.contains([$0.position, $0.earlier]) })
        #expect(Set(pairs.map(\.position)) == Set(expected.map { $0[0] }))
        #expect(found.near == pairs.count && expected.count > 3)
        #expect(try PromptDuplicates(of: set(lines)) == found)
    }

    @Test("at most 100 pairs are named; all are counted")
    func many() throws {
        let found = try PromptDuplicates(of: set([String](repeating: "the same", count: 300)))
        #expect(found.exact == 299 && found.pairs.count == 100 && found.pairs.last?.position == 100)
    }

    @Test("a set that is too large is searched for exact duplicates only")
    func large() throws {
        let long = (0..<60).map { "word\($0)" }.joined(separator: " ")
        let prompts = try set([long, long + " more", "x", "X"])
        for (most, words) in [(2, 1000), (10, 100)] {
            let found = try PromptDuplicates(of: prompts, mostPrompts: most, mostWords: words) {}
            #expect(found.near == nil && found.exact == 1)
        }
        #expect(try PromptDuplicates(of: prompts, mostPrompts: 3, mostWords: 200) {}.near == 1)
        #expect(throws: CancellationError.self) {
            try PromptDuplicates(of: prompts) { throw CancellationError() }
        }
    }
}
