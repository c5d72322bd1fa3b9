import Foundation
import TestSupport
import Testing

/// All tests that start the program. One after another: each starts several processes.
@Suite(.serialized, .timeLimit(.minutes(10))) enum ProcessTests {}

/// A temporary folder in which a test keeps its inputs and lets the program work.
final class Workplace {
    static let fixtures = Bundle.module.bundlePath + "/Fixtures"
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    private let folder: TemporaryFolder
    var path: String { folder.path + "/work" }
    /// Caches and printed output, apart from what the test looks at.
    private var aside: String { folder.path + "/aside" }

    init() throws {
        folder = try TemporaryFolder()
        for folder in [path, aside] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
    }

    /// Starts the program.
    func start(
        _ arguments: [String], log: String = "notice", environment: [String: String] = [:], hasReader: Bool = true
    ) throws -> ChildProcess {
        try ChildProcess(
            arguments, outputs: aside, folder: path,
            environment: ["XDG_CACHE_HOME": aside + "/cache", "ACTDIFF_LOG": log].merging(environment) { $1 },
            hasReader: hasReader)
    }

    /// Runs the program to its end.
    func actdiff(_ arguments: String...) throws -> ChildProcess.Ending {
        try start(arguments).end()
    }

    /// Writes a file and returns its path.
    @discardableResult func write(_ text: String, to name: String) throws -> String {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
        return path + "/" + name
    }

    /// A changeable copy of a fixture folder, and its path.
    func copy(_ fixture: String) throws -> String {
        let copy = path + "/" + fixture
        try FileManager.default.copyItem(atPath: Self.fixtures + "/" + fixture, toPath: copy)
        return copy
    }

    /// Every file and folder, to see whether anything came or went.
    var contents: [String] {
        get throws { try FileManager.default.subpathsOfDirectory(atPath: path).sorted() }
    }
}

/// The job that the tests run, with what a test wants to be different.
struct TinyJob {
    var base = Workplace.fixtures + "/base"
    var tuned = [
        "{name: adapted, adapter: \(Workplace.fixtures)/adapter}",
        "{name: whole, checkpoint: \(Workplace.fixtures)/tuned, control: true}",
    ]
    var prompts = Workplace.fixtures + "/prompts.jsonl"
    var hook = "{layer: 2, sae: \(Workplace.fixtures)/sae}"
    /// About two prompts, and one in the last: 42 shards of the fixture's 60 prompts.
    var shardTokens = 96
    var more = ""

    var yaml: String {
        """
        name: tiny
        base: \(base)
        tuned: [\(tuned.joined(separator: ", "))]
        prompts: {path: \(prompts)}
        hooks: [\(hook)]
        masks: [all, content, last]
        shard_tokens: \(shardTokens)
        permutations: 100
        \(more)
        """
    }

    /// A job that takes long enough to be disturbed in the middle: the prompts `times` times over, one a shard.
    static func long(in place: Workplace, times: Int = 8) throws -> TinyJob {
        let lines = try String(contentsOfFile: Workplace.fixtures + "/prompts.jsonl", encoding: .utf8)
        let all = (0..<times).map { lines.replacing("{\"id\": \"", with: "{\"id\": \"\($0)-") }
        var job = TinyJob()
        job.prompts = try place.write(all.joined(), to: "long.jsonl")
        job.shardTokens = 1
        return job
    }
}

/// Two result bundles, file by file and byte by byte.
func expectSameBundle(_ left: String, _ right: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let names = try FileManager.default.contentsOfDirectory(atPath: left).sorted()
    let others = try FileManager.default.contentsOfDirectory(atPath: right).sorted()
    #expect(names == others, sourceLocation: sourceLocation)
    #expect(names.contains("manifest.json") && names.count > 3, sourceLocation: sourceLocation)
    for name in names where others.contains(name) {
        let files = try [left, right].map { try Data(contentsOf: URL(fileURLWithPath: "\($0)/\(name)")) }
        #expect(files[0] == files[1], "\(name) differs", sourceLocation: sourceLocation)
    }
}
