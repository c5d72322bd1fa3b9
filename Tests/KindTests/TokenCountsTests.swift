import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
import Work
@testable import TokenCounts

/// The parts of the kind, each for itself.
@Suite struct TokenCountsTests {
    let job: CountingJob
    let kind = CountingCluster.kind
    let plan: WorkPlan

    init() throws {
        job = try CountingJob()
        plan = try kind.plan(job.source)
    }

    private func shard(_ index: Int) -> WorkShard {
        WorkShard(
            index: index,
            payload: Payload(kind: plan.task.kind, version: plan.shardVersion, bytes: plan.shards[index].bytes))
    }

    private func result(_ index: Int) throws -> [UInt8] {
        let place = WorkerPlace(
            roots: try ModelRoots([]), digests: DigestCache(at: "/dev/null/digests.json"), threads: 1,
            memory: 1 << 30)
        return try kind.evaluator(for: plan.task, at: place, progress: ComputeProgress())
            .evaluate(shard(index), progress: ComputeProgress())
    }

    /// The planned job, or one of another name.
    private func planned(_ plan: WorkPlan? = nil) -> PlannedWork {
        let plan = plan ?? self.plan
        let shards = plan.shards.indices.map { shard($0) }
        return PlannedWork(
            source: job.source, task: plan.task, record: plan.record, shardCount: shards.count, shard: { shards[$0] })
    }

    @Test("the same job is planned to the same bytes, in shards that hold every token")
    func planning() throws {
        #expect(try kind.plan(job.source) == plan)
        #expect(plan.shards.map(\.tokens) == (1...CountingJob.shards).map { $0 + 2 + $0 % 3 })
        #expect(plan.verified.isEmpty)
        var source = job.source
        source.specText += "verify: 0.25\n"
        #expect(try kind.plan(source).verified.count == 3)
    }

    @Test(
        "what is wrong with the job file is said with line and key",
        arguments: [
            ("seed: 1", "job.yaml:6: seed: expected one of the keys kind, name, prompts"),
            ("verify: 2", "job.yaml:6: verify: expected a number from 0 to 1"),
            ("verify: all", "job.yaml:6: verify: expected a number"),
        ])
    func jobFile(line: String, expected: String) throws {
        var source = job.source
        source.specText += line + "\n"
        #expect(try complaint { try kind.outline(of: source) }.hasPrefix(expected))
    }

    @Test("a job of another kind, and one that names something outside the roots, are refused")
    func strangeJobs() throws {
        var source = job.source
        source.specText = source.specText.replacing("token_counts", with: "latents")
        #expect(try complaint { try kind.plan(source) }.hasPrefix("job.yaml:1: kind: expected token_counts"))
        let narrow = TokenCountsKind(
            digests: DigestCache(at: "/dev/null/digests.json"), version: "0",
            roots: try ModelRoots([job.folder.path], of: "coordinator"))
        let error = try inputError { try narrow.plan(job.source) }
        #expect(error.place == CountingJob.tokenizer && error.kind == .configuration)
    }

    @Test("a shard whose tokens are not in the vocabulary is at fault itself: it would fail anywhere")
    func strangeTokens() throws {
        let task = try CountsTask(vocabularySize: 65, tokenizer: Digest(of: "t")).payload()
        let error = try inputError {
            try CountsEvaluator(task: CountsTask(task)).evaluate(shard(2), progress: ComputeProgress())
        }
        #expect("\(error)" == "shard 2: prompt 2: expected token ids below 65, found 220")
        #expect(error.kind == .badData)
    }

    @Test("a worker stops when nobody wants the shard any more")
    func cancelling() throws {
        let progress = ComputeProgress()
        progress.cancel()
        #expect(throws: CancellationError.self) {
            try CountsEvaluator(task: CountsTask(plan.task)).evaluate(shard(0), progress: progress)
        }
    }

    @Test(
        "a result that cannot be true is refused: a count more, another shard's, an unknown token, bytes too few or many"
    )
    func judging() throws {
        let judge = try kind.judge(of: plan.task)
        let bytes = try result(2)
        let checked = try judge.check(bytes, shard: shard(2))
        #expect(checked == CheckedResult(contentDigest: Digest(of: bytes), contentBytes: bytes.count))

        let task = try CountsTask(plan.task)
        func refusal(_ change: (inout [ShardCounts.Entry]) -> Void) throws -> String {
            var counts = try ShardCountsCodec.decode(bytes, task: task, work: task.work(shard(2)))
            change(&counts.prompts[0])
            let changed = try ShardCountsCodec.encode(counts)
            return try complaint { try judge.check(changed, shard: shard(2)) }
        }
        let place = "result of shard 2: prompt 2"
        #expect(try refusal { $0[2].count += 1 } == "\(place): count: expected 0 to 1, found 2")
        #expect(try refusal { $0[2].count -= 1 } == "\(place): count: expected one above 0, found 0")
        #expect(try refusal { $0.removeLast() } == "\(place): all tokens: expected 5, found 4")
        #expect(try refusal { $0[2].token = 259 } == "\(place): token: expected one below 259, found 259")
        #expect(throws: InputError.self) { try judge.check(bytes, shard: shard(3)) }
        for length in bytes.indices {
            #expect(throws: InputError.self) { try judge.check(Array(bytes.prefix(length)), shard: shard(2)) }
        }
        #expect(throws: InputError.self) { try judge.check(bytes + [0], shard: shard(2)) }
    }

    @Test("a changed byte is refused, or read as another result that adds up and has these bytes")
    func corruption() throws {
        let task = try CountsTask(plan.task)
        let (bytes, work) = (try result(7), try task.work(shard(7)))
        var samples = Samples(seed: 51)
        var refused = 0
        for _ in 0..<500 {
            let changed = samples.corrupted(bytes)
            do {
                let counts = try ShardCountsCodec.decode(changed, task: task, work: work)
                #expect(counts.prompts[0].reduce(0) { $0 + $1.count } == work.tokenCount)
                #expect(try ShardCountsCodec.encode(counts) == changed)
            } catch is InputError {
                refused += 1
            }
        }
        #expect(refused > 100 && refused < 500)
    }

    @Test("two results are the same or not; what differs is named")
    func comparing() throws {
        let judge = try kind.judge(of: plan.task)
        let task = try CountsTask(plan.task)
        let bytes = try result(2)
        var counts = try ShardCountsCodec.decode(bytes, task: task, work: task.work(shard(2)))
        counts.prompts[0][0].count -= 1
        counts.prompts[0][1].count += 1
        let other = try ShardCountsCodec.encode(counts)
        _ = try judge.check(other, shard: shard(2))
        #expect(try judge.compare(bytes, bytes, shard: shard(2)) == .identical)
        #expect(
            try judge.compare(bytes, other, shard: shard(2)) == .differs("2 counts of prompt 2; token 64: 3 and 2"))
    }

    @Test("a fold that goes on from any of its snapshots ends with the same bundle")
    func snapshots() throws {
        let results = try plan.shards.indices.map { try result($0) }
        let provenance = FoldProvenance(contentDigests: results.map { Digest(of: $0) }, numberSystems: ["integers"])
        func bundle(_ fold: any WorkFold) throws -> [String: Data] {
            let out = job.folder.path + "/" + UUID().uuidString
            var fold = fold
            #expect(try fold.beginSecondPass {})
            for result in results { try fold.review(result) }
            try fold.write(into: out, provenance: provenance) {}
            return try files(out)
        }
        var fold = try kind.fold(of: planned(), from: nil)
        var snapshots = [try fold.snapshot()]
        for result in results {
            try fold.fold(result)
            snapshots.append(try fold.snapshot())
            #expect(fold.snapshotSize == snapshots.last?.count)
        }
        let whole = try bundle(fold)
        for (count, snapshot) in snapshots.enumerated() {
            var rest = try kind.fold(of: planned(), from: snapshot)
            #expect(rest.nextShard == count)
            for result in results[count...] { try rest.fold(result) }
            #expect(try bundle(rest) == whole)
        }
    }

    @Test("a snapshot that is damaged or of another job is refused, and there is none after a skip")
    func strangeSnapshots() throws {
        var fold = try kind.fold(of: planned(), from: nil)
        for shard in 0..<3 { try fold.fold(result(shard)) }
        let snapshot = try fold.snapshot()
        for length in snapshot.indices {
            #expect(throws: InputError.self) {
                try kind.fold(of: planned(), from: Array(snapshot.prefix(length)))
            }
        }
        #expect(throws: InputError.self) { try kind.fold(of: planned(), from: snapshot + [0]) }
        var other = plan
        var spec = job.source
        spec.specText += "verify: 1\n"
        other.record = try kind.plan(spec).record
        #expect(throws: InputError.self) { try kind.fold(of: planned(other), from: snapshot) }

        // A result that is refused changes nothing.
        #expect(throws: InputError.self) { try fold.fold(result(2)) }
        #expect(try fold.snapshot() == snapshot)
        try fold.skip(InputError("x", expected: "y", found: "z"))
        #expect(fold.nextShard == 4)
        #expect(throws: InputError.self) { try fold.snapshot() }
    }

    @Test("a bundle that nobody wants any more is not written")
    func cancelledBundle() throws {
        var fold = try kind.fold(of: planned(), from: nil)
        for shard in plan.shards.indices { try fold.fold(result(shard)) }
        let provenance = FoldProvenance(contentDigests: [], numberSystems: [])
        #expect(throws: CancellationError.self) {
            try fold.write(into: job.folder.path + "/out", provenance: provenance) { throw CancellationError() }
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: job.folder.path).sorted() == [
                "job.yaml", "prompts.txt",
            ])
    }
}
