import Dispatch
import Foundation
import Inputs
import Logging
import Synchronization
import TestSupport
import Wire
import Work
@testable import Cluster

/// A silent logger.
let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A kind of work without models: a job is a number of shards and a number of numbers that each comes to; `verified` at
/// its end has all shards computed twice.
struct FakeKind: WorkKind {
    static let name = "fake"
    /// Not the first version: nothing may take it for granted.
    static let layout: UInt16 = 3

    let folded = Mailboxes.make([Digest].self)
    let log = FoldLog()
    /// What a worker computes with.
    var computing = FakeEvaluator()
    /// Called before a bundle is written, with what tells whether that is still wanted.
    var beforeWriting: (@Sendable (() throws -> Void) throws -> Void)?
    /// Called with each shard's index in the second pass over the results; there is none without it.
    var inSecondPass: (@Sendable (Int) throws -> Void)?

    func outline(of source: JobSource) throws -> JobOutline {
        let order = try Self.order(source)
        guard Self.numbers(order) != nil else {
            throw InputError(source.specFile, expected: "two numbers", found: order)
        }
        return JobOutline(name: "fake", inputs: [])
    }

    func plan(_ source: JobSource, progress: ComputeProgress) throws -> WorkPlan {
        let order = try Self.order(source)
        guard let (shards, numbers) = Self.numbers(order), shards < 1_000 else {
            throw InputError(source.specFile, expected: "fewer than 1000 shards", found: order)
        }
        return WorkPlan(
            task: Payload(kind: Self.name, version: Self.layout, bytes: Array("task".utf8)), shardVersion: Self.layout,
            shards: (0..<shards).map { WorkPlan.Shard(bytes: Self.bytes([$0, numbers]), tokens: 2) },
            verified: order.hasSuffix("verified") ? Set(0..<shards) : [], record: Array("kept".utf8))
    }

    /// A job's shards as workers get them.
    func works(_ source: JobSource) throws -> [WorkShard] {
        let plan = try plan(source, progress: ComputeProgress())
        return plan.shards.enumerated().map { index, shard in
            WorkShard(index: index, payload: Payload(kind: Self.name, version: Self.layout, bytes: shard.bytes))
        }
    }

    func judge(of task: Payload) throws -> any ResultJudge {
        try task.require(kind: Self.name, version: Self.layout, what: "task")
        return FakeJudge()
    }

    func evaluator(
        for task: Payload, at place: WorkerPlace, progress: ComputeProgress
    ) throws -> any WorkEvaluator {
        try task.require(kind: Self.name, version: Self.layout, what: "task")
        return computing
    }

    func fold(of job: PlannedWork, from snapshot: [UInt8]?) throws -> any WorkFold {
        guard job.record == Array("kept".utf8) else { throw InputError("record", expected: "kept", found: "lost") }
        log.note(.opened(snapshot: snapshot != nil))
        return FakeFold(kind: self, digests: try snapshot.map(FakeFold.digests) ?? [])
    }

    private static func order(_ source: JobSource) throws -> String {
        try Document(yaml: source.specText, file: source.specFile).required("order").string()
    }

    private static func numbers(_ order: String) -> (Int, Int)? {
        let numbers = order.split(separator: " ").compactMap { Int($0) }
        return numbers.count == 2 ? (numbers[0], numbers[1]) : nil
    }

    fileprivate static func bytes(_ numbers: [Int]) -> [UInt8] {
        numbers.flatMap { withUnsafeBytes(of: UInt64($0).littleEndian, Array.init) }
    }

    /// What the shard comes to, whoever computes it: as many drawn numbers as it says, then its index.
    static func result(of work: WorkShard) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(work.index))
        let count = work.payload.bytes.dropFirst(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        return bytes((0..<count).map { _ in Int.random(in: 0...1 << 60, using: &random) } + [work.index])
    }

    /// What a worker with wrong numbers makes of it.
    static func other(_ work: WorkShard) -> [UInt8] {
        var other = result(of: work)
        other[1] ^= 1
        return other
    }

    /// What is wrong by no more than rounding explains where the number systems are not the same.
    static func slightlyOther(_ work: WorkShard) -> [UInt8] {
        var other = result(of: work)
        other[0] ^= 1
        return other
    }
}

/// Holds results against what they must be in length and index.
struct FakeJudge: ResultJudge {
    func check(_ result: [UInt8], shard: WorkShard) throws -> CheckedResult {
        let right = FakeKind.result(of: shard)
        guard result.count == right.count, result.suffix(8) == right.suffix(8) else {
            throw InputError("result", expected: "one of shard \(shard.index)", found: "\(result.count) bytes")
        }
        return CheckedResult(contentDigest: Digest(of: result), contentBytes: result.count)
    }

    func compare(_ one: [UInt8], _ other: [UInt8], shard: WorkShard) throws -> ResultComparison {
        if one == other { return .identical }
        return one.dropFirst() == other.dropFirst() ? .within(largest: 1e-9) : .differs("its numbers")
    }
}

/// Notes the digest of every result that it takes in.
struct FakeFold: WorkFold {
    private static let large = Data((0..<2_500_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })

    let kind: FakeKind
    /// Nil for a shard that was skipped.
    var digests: [Digest?]
    var reasons: [String] = []
    /// What came in the second pass.
    var reviewed: [Digest] = []

    var nextShard: Int { digests.count }

    mutating func fold(_ result: [UInt8]) throws {
        let shard = result.suffix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard shard == nextShard else {
            throw InputError("fold", expected: "shard \(nextShard)", found: "\(shard)")
        }
        kind.log.note(.folded(shard))
        digests.append(Digest(of: result))
    }

    mutating func skip(_ error: InputError) throws {
        kind.log.note(.skipped(nextShard))
        digests.append(nil)
        reasons.append("\(error)")
    }

    mutating func beginSecondPass(checkCancelled: () throws -> Void) throws -> Bool {
        guard kind.inSecondPass != nil else { return false }
        kind.log.note(.began)
        reviewed = []
        return true
    }

    mutating func review(_ result: [UInt8]) throws {
        let shard = result.suffix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        try kind.inSecondPass?(shard)
        kind.log.note(.reviewed(shard))
        reviewed.append(Digest(of: result))
    }

    var snapshotSize: Int { 32 * digests.count }

    func snapshot() throws -> [UInt8] { digests.flatMap { $0?.bytes ?? [] } }

    static func digests(_ snapshot: [UInt8]) throws -> [Digest?] {
        try stride(from: 0, to: snapshot.count, by: 32).map { start in
            guard let digest = Digest(bytes: snapshot[start...].prefix(32)) else {
                throw InputError("snapshot", expected: "digests", found: "\(snapshot.count) bytes")
            }
            return digest
        }
    }

    func write(into folder: String, provenance: FoldProvenance, checkCancelled: () throws -> Void) throws {
        try kind.beforeWriting?(checkCancelled)
        guard provenance.contentDigests == digests else {
            throw InputError("fold", expected: "the digests of what was folded", found: "others")
        }
        guard kind.inSecondPass == nil || reviewed == digests.compactMap(\.self) else {
            throw InputError("fold", expected: "all results a second time", found: "\(reviewed.count)")
        }
        let text = digests.map { $0?.description ?? "missing" } + reasons + provenance.numberSystems.sorted()
        let partial = folder + ".partial"
        try FileManager.default.createDirectory(atPath: partial, withIntermediateDirectories: true)
        try Data(text.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: partial + "/digests.txt"))
        // More than one slice, and an empty file.
        try Self.large.write(to: URL(fileURLWithPath: partial + "/large.bin"))
        try Data().write(to: URL(fileURLWithPath: partial + "/none.bin"))
        try FileManager.default.moveItem(atPath: partial, toPath: folder)
        kind.log.note(.wrote)
        kind.folded?.post(digests.compactMap(\.self))
    }
}

extension JobSource {
    /// A job of the fake kind.
    static func fake(_ order: String) -> JobSource {
        JobSource(specText: "kind: fake\norder: '\(order)'\n", specFile: "job.yaml", folder: "/")
    }
}

extension Lease {
    /// The shard as its kind sees it.
    var work: WorkShard { WorkShard(index: id.shard, payload: shard) }
}

extension WorkerService.Parts {
    /// A worker that computes fake shards.
    init(_ evaluator: FakeEvaluator, build: String = "test") throws {
        let place = WorkerPlace(
            roots: try ModelRoots(["/"]), digests: DigestCache(at: "/dev/null/digests.json"), threads: 1,
            memory: 1 << 30)
        self.init(
            kinds: WorkKinds([FakeKind(computing: evaluator)]), place: place, build: build, numberSystem: "test",
            logger: quiet)
    }
}

/// A number that goes up.
final class Count: Sendable {
    private let number = Atomic(0)

    func add() { number.add(1, ordering: .relaxed) }

    var value: Int { number.load(ordering: .relaxed) }
}

/// What folds did, in order.
final class FoldLog: Sendable {
    enum Entry: Sendable, Hashable {
        case opened(snapshot: Bool)
        case folded(Int)
        case skipped(Int)
        case began
        case reviewed(Int)
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

/// Computes what fake shards come to. From its `holdAt`-th shard on it stands still until it is let go.
final class FakeEvaluator: WorkEvaluator {
    let holdAt: Int?
    let failing: (@Sendable (WorkShard) throws -> Void)?
    /// Says which shard it stands still at.
    let holding = Mailboxes.make(Int.self)
    private let release = DispatchSemaphore(value: 0)
    private let counter = Atomic(0)

    init(holdAt: Int? = nil, failing: (@Sendable (WorkShard) throws -> Void)? = nil) {
        self.holdAt = holdAt
        self.failing = failing
    }

    var evaluated: Int { counter.load(ordering: .relaxed) }

    func letGo() { release.signal() }

    func evaluate(_ work: WorkShard, progress: ComputeProgress) throws -> [UInt8] {
        let number = counter.add(1, ordering: .relaxed).newValue
        try failing?(work)
        if let holdAt, number >= holdAt {
            holding?.post(work.index)
            release.wait()
            release.signal()
        }
        progress.advance()
        return FakeKind.result(of: work)
    }
}

extension CoordinatorClient {
    /// Submits a job of the fake kind.
    func submit(_ source: JobSource) throws -> JobID {
        try submit(source, as: JobLabel(kind: FakeKind.name, name: "fake"))
    }
}
