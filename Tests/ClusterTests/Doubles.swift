import Diffing
import Foundation
import Inputs
import Logging
import Synchronization
import TestSupport
import Wire

@testable import Cluster

/// A silent logger.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A job whose spec is a number of shards, and, after a blank, a number of latents that fire in each; with `verified` at
/// its end all shards are computed twice.
struct FakePlanner: JobPlanning {
    static let latents = 1 << 20
    let folded = Mailboxes.make([Digest].self)
    let log = FoldLog()

    func name(of source: JobSource) throws -> String {
        guard Self.numbers(source) != nil else {
            throw InputError(source.specFile, expected: "two numbers", found: source.specText)
        }
        return "fake"
    }

    func plan(_ source: JobSource) throws -> JobPlan {
        guard let (shards, firing) = Self.numbers(source), shards < 1_000 else {
            throw InputError(source.specFile, expected: "fewer than 1000 shards", found: source.specText)
        }
        let digest = Digest(of: "weights")
        let hook = DiffTask.Hook(
            point: HookPoint(layer: 0, site: .residPost), dictionary: .init(path: "/sae", digest: digest),
            latents: Self.latents)
        let task = DiffTask(base: .init(path: "/base", digest: digest), tuned: [], hooks: [hook], masks: [.all])
        return JobPlan(
            task: task,
            shards: (0..<shards).map { index in
                let ids = [UInt32(index), UInt32(firing)]
                return ShardWork(index: index, prompts: [PromptTokens(index: index, ids: ids, masks: [1, 1])])
            }, record: Data("kept".utf8))
    }

    func verifiedShards(of source: JobSource, count: Int) throws -> Set<Int> {
        source.specText.hasSuffix("verified") ? Set(0..<count) : []
    }

    func fold(of job: PlannedJob, checkpoint: [UInt8]?) throws -> any JobFolding {
        guard job.record == Data("kept".utf8) else { throw InputError("record", expected: "kept", found: "lost") }
        log.note(.opened(checkpoint: checkpoint != nil))
        return FakeFold(planner: self, digests: try checkpoint.map(FakeFold.digests) ?? [])
    }

    private static func numbers(_ source: JobSource) -> (Int, Int)? {
        let numbers = source.specText.split(separator: " ").compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    /// What the shard comes to, whoever computes it.
    static func result(of work: ShardWork) -> ShardResult {
        var random = SeededGenerator(seed: UInt64(work.index))
        let firing = work.prompts.first.map { UInt32($0.ids[1]) } ?? 0
        var sums = LatentSums()
        for latent in 0..<firing {
            sums.append(latent: latent, sum: Double.random(in: 0...1, using: &random), active: 1)
        }
        sums.endRow()
        return ShardResult(shard: work.index, tokenCounts: [[2]], blocks: [sums])
    }

    /// What a worker with wrong numbers makes of it.
    static func other(_ work: ShardWork) -> ShardResult {
        var other = result(of: work)
        other.blocks[0].sums[0] += 1
        return other
    }
}

/// Notes the digest of every result that it takes in.
struct FakeFold: JobFolding {
    private static let large = Data((0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    let planner: FakePlanner
    /// Nil for a shard that was skipped.
    var digests: [Digest?]
    var reasons: [String] = []

    var nextShard: Int { digests.count }

    mutating func fold(_ result: ShardResult) throws {
        guard result.shard == nextShard else {
            throw InputError("fold", expected: "shard \(nextShard)", found: "\(result.shard)")
        }
        planner.log.note(.folded(result.shard))
        digests.append(try ShardResultCodec.digest(of: result))
    }

    mutating func skip(_ error: InputError) throws {
        planner.log.note(.skipped(nextShard))
        digests.append(nil)
        reasons.append("\(error)")
    }

    var checkpointSize: Int { 32 * digests.count }

    func checkpoint() throws -> [UInt8] { digests.flatMap { $0?.bytes ?? [] } }

    static func digests(_ checkpoint: [UInt8]) throws -> [Digest?] {
        try stride(from: 0, to: checkpoint.count, by: 32).map { start in
            guard let digest = Digest(bytes: checkpoint[start...].prefix(32)) else {
                throw InputError("checkpoint", expected: "digests", found: "\(checkpoint.count) bytes")
            }
            return digest
        }
    }

    func write(into folder: String, digests: [Digest?], instructionSets: Set<String>) throws {
        guard digests == self.digests else {
            throw InputError("fold", expected: "the digests of what was folded", found: "others")
        }
        let text = digests.map { $0?.description ?? "missing" } + reasons + instructionSets.sorted()
        let partial = folder + ".partial"
        try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
        try Data(text.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: partial + "/digests.txt"))
        // More than one slice, and an empty file.
        try Self.large.write(to: URL(fileURLWithPath: partial + "/large.bin"))
        try Data().write(to: URL(fileURLWithPath: partial + "/none.bin"))
        try FileManager.default.moveItem(atPath: partial, toPath: folder)
        planner.log.note(.wrote)
        planner.folded?.post(digests.compactMap(\.self))
    }
}

/// What folds did, in order.
final class FoldLog: Sendable {
    enum Entry: Sendable, Hashable {
        case opened(checkpoint: Bool)
        case folded(Int)
        case skipped(Int)
        case wrote
    }

    private let entries = Mutex<[Entry]>([])

    func note(_ entry: Entry) { entries.withLock { $0.append(entry) } }

    /// All entries since the last call.
    func take() -> [Entry] {
        entries.withLock { entries in
            defer { entries = [] }
            return entries
        }
    }
}

enum Mailboxes {
    static func make<Element: Sendable>(_ type: Element.Type) -> Mailbox<Element>? { try? Mailbox<Element>() }
}

/// Computes what the fake planner's shards come to. From its `holdAt`-th shard on it stands still until it is let go.
final class FakeEvaluator: ShardEvaluating {
    let holdAt: Int?
    let failing: (@Sendable (ShardWork) throws -> Void)?
    /// Says which shard it stands still at.
    let holding = Mailboxes.make(Int.self)
    private let release = DispatchSemaphore(value: 0)
    private let counter = Atomic(0)

    init(holdAt: Int? = nil, failing: (@Sendable (ShardWork) throws -> Void)? = nil) {
        self.holdAt = holdAt
        self.failing = failing
    }

    var evaluated: Int { counter.load(ordering: .relaxed) }

    func letGo() { release.signal() }

    func evaluate(_ work: ShardWork, task: DiffTask, progress: ComputeProgress) throws -> ShardResult {
        let number = counter.add(1, ordering: .relaxed).newValue
        try failing?(work)
        if let holdAt, number >= holdAt {
            holding?.post(work.index)
            release.wait()
            release.signal()
        }
        progress.advance()
        return FakePlanner.result(of: work)
    }
}
