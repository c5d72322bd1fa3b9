import Foundation
import Inputs
import TestSupport
import Work

/// A token_counts job in a folder of its own: 12 prompts, each a shard.
struct CountingJob {
    /// The fixture's tokenizer: a token a byte (a is 64, b 65, a space 220), and three special ones.
    static let tokenizer =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/ProcessTests/Fixtures/base"
    static let shards = 12

    let folder: TemporaryFolder
    let source: JobSource

    /// The job with lines of one's own.
    init(_ lines: String = "") throws {
        folder = try TemporaryFolder()
        // Prompt n is n times "a", a space, and "b" once to three times.
        let prompts = (1...Self.shards).map {
            String(repeating: "a", count: $0) + " " + String(repeating: "b", count: 1 + $0 % 3)
        }
        try folder.write("prompts.txt", prompts.joined(separator: "\n"))
        let yaml = """
            kind: token_counts
            name: letters
            tokenizer: \(Self.tokenizer)
            prompts: prompts.txt
            shard_tokens: 1
            \(lines)
            """
        try folder.write("job.yaml", yaml)
        source = JobSource(specText: yaml, specFile: "job.yaml", folder: folder.path)
    }

    /// The job file.
    var file: String { folder.path + "/job.yaml" }

    /// What the bundle must say of prompt number n, by token.
    static func counts(_ number: Int) -> [String: Document.Value] {
        ["64": .integer(number), "220": .integer(1), "65": .integer(1 + number % 3)]
    }
}

/// A bundle's files by name.
func files(_ bundle: String) throws -> [String: Data] {
    let names = try FileManager.default.contentsOfDirectory(atPath: bundle)
    return try Dictionary(
        uniqueKeysWithValues: names.map { ($0, try Data(contentsOf: URL(fileURLWithPath: "\(bundle)/\($0)"))) })
}
