import TestSupport

@testable import Models
@testable import Tokenization

/// Regular expressions of tokenizers and of adapters, and what they find. The first byte chooses; then come the pattern, a
/// cut and a text.
struct PatternChecks: Checks {
    /// The limits of steps are a sixty-fourth of what they are for users: an input that comes to them takes long enough.
    static let patternSteps = PatternEffort.base >> 6

    func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        let pieces = PatchedFolder.pieces(input[1...])
        let pattern = String(decoding: pieces[0], as: UTF8.self)
        let text = pieces.count > 1 ? String(decoding: pieces[1], as: UTF8.self) : "model.layers.1.self_attn.q_proj"
        switch choice % 4 {
        case 0: try matches(text) { try Pattern(regex: pattern, place: "pattern") }
        case 1: try matches(text) { try Pattern(literal: pattern, place: "pattern") }
        // The paths of modules are short.
        case 2: try python(pattern, String(text.prefix(200)))
        default: try python("layers.(?<idx>\(pattern))", String(text.prefix(200)))
        }
    }

    /// Matches are not empty, in order, and whole characters.
    private func matches(_ text: String, _ compile: () throws -> Pattern) throws {
        guard let pattern = try accepted(compile) else { return }
        let bytes = Array(text.utf8)
        let subject = PatternSubject.make(bytes)
        try demand(subject.count == bytes.count, "a stand-in of another length")
        let scratch = PatternScratch(textBytes: bytes.count, base: Self.patternSteps)
        let found = try accepted { try pattern.matches(in: subject, 0..<bytes.count, with: scratch) }
        var last = 0
        for match in found ?? [] {
            try demand(!match.isEmpty && last <= match.lowerBound && match.upperBound <= bytes.count, "match \(match)")
            try demand(
                UTF8Text.isBoundary(bytes, match.lowerBound) && UTF8Text.isBoundary(bytes, match.upperBound),
                "match \(match) cuts a character")
            last = match.upperBound
        }
    }

    /// What a group is found to be stands in the text.
    private func python(_ pattern: String, _ text: String) throws {
        let effort = PythonPattern.Effort(mostReports: 8)
        guard let compiled = try accepted({ try PythonPattern(pattern, effort: effort, place: "pattern") }),
            let isMatch = try accepted({ try compiled.matchesStart(of: text) }),
            let group = try accepted({ try compiled.group("idx", in: text) })
        else { return }
        guard let group else { return }
        try demand(isMatch, "a group without a match")
        try demand(group.isEmpty || text.utf8.containsAll(of: group.utf8), "a group that is not in the text")
    }

    static func seeds() throws -> [[UInt8]] {
        let tokenizers = [PretokenizerPattern.gpt2, .llama3, .qwen2].map(\.rawValue)
        let texts = [" It's 1234\u{2003}\u{e4}\u{4e2d}\u{1F600}\r\n\n  x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"]
        var inputs: [(UInt8, String, String)] = tokenizers.flatMap { pattern in texts.map { (0, pattern, $0) } }
        for pattern in [
            #"(?>a+|b)*+c"#, #"(?=x)[^\]\-a]{2,3}|\P{Lu}+?"#, #"(a|aa)+$"#, #"[\s\d\p{Sc}]{1,}"#, #"(?:a*){20}b"#,
            #"\D+(?!\S)|(?i:L)"#,
        ] {
            inputs.append((0, pattern, texts[1]))
        }
        inputs.append((1, "It's", texts[0]))
        for pattern in [
            #".*\.(q|k)_proj"#, #"(.*a|.*b|.*)*x"#, #"model\.layers\.(?P<idx>\d+)\..*"#, #"^(?!.*mlp).*$"#,
            #"[a-z_]+\.\w+"#,
        ] {
            inputs.append((2, pattern, "model.layers.11.self_attn.q_proj"))
        }
        inputs.append((3, #"\d+)|(x"#, "layers.11.mlp"))
        return inputs.map { [$0] + Array($1.utf8) + PatchedFolder.cut + Array($2.utf8) }
    }
}

extension String.UTF8View {
    /// Whether the other bytes stand in these, one after the other.
    fileprivate func containsAll(of other: String.UTF8View) -> Bool {
        let (bytes, wanted) = (Array(self), Array(other))
        return bytes.count >= wanted.count
            && (0...bytes.count - wanted.count).contains { bytes[$0...].starts(with: wanted) }
    }
}
