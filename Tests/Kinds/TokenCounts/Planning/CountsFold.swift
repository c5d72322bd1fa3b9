import Inputs
import Prompts
import Work

/// The fold of a token_counts job: the counts of all prompts, and their sums by token.
struct CountsFold: WorkFold {
    let job: PlannedWork
    let task: CountsTask
    let record: TokenCountsKind.Record
    /// Of actdiff, for the manifest.
    let version: String

    private(set) var nextShard = 0
    private var table = CountsTable()
    /// Results that came in the second pass.
    private var reviewed = 0
    /// Every result so far, each after its length: what a snapshot is made of.
    private var taken: [UInt8] = []

    init(job: PlannedWork, task: CountsTask, record: TokenCountsKind.Record, version: String) {
        self.job = job
        self.task = task
        self.record = record
        self.version = version
    }

    mutating func fold(_ result: [UInt8]) throws {
        let work = try nextWork()
        let counts = try ShardCountsCodec.decode(result, task: task, work: work)
        table.add(counts, of: try work.prompts.map(id))
        append(result)
        nextShard += 1
    }

    mutating func skip(_ error: InputError) throws {
        let work = try nextWork()
        table.missing.append(
            CountsTable.Missing(shard: nextShard, prompts: try work.prompts.map(id), error: error))
        nextShard += 1
    }

    mutating func beginSecondPass(checkCancelled: () throws -> Void) throws -> Bool {
        // Of equals the lower token.
        let most = table.totals.max { ($0.value, -$0.key) < ($1.value, -$1.key) }
        table.usual = most.map { CountsTable.Usual(token: $0.key) }
        reviewed = 0
        return true
    }

    mutating func review(_ result: [UInt8]) throws {
        let left = Set(table.missing.map(\.shard))
        let shards = (0..<job.shardCount).filter { !left.contains($0) }
        guard reviewed < shards.count else {
            throw InputError("the second pass", expected: "\(shards.count) results", found: "one more")
        }
        let work = try task.work(job.shard(shards[reviewed]))
        let counts = try ShardCountsCodec.decode(result, task: task, work: work)
        for (prompt, entries) in zip(work.prompts, counts.prompts) {
            guard entries.contains(where: { $0.token == table.usual?.token }) else { continue }
            let id = try id(prompt)
            table.usual?.prompts.append(id)
        }
        reviewed += 1
    }

    func write(into folder: String, provenance: FoldProvenance, checkCancelled: () throws -> Void) throws {
        // Whole numbers are the same in every number system: the bundle does not say which they were.
        try CountsBundle.write(
            to: folder, table, task: task, record: record, version: version, shards: provenance.contentDigests,
            checkCancelled: checkCancelled)
    }

    private func nextWork() throws -> ShardWork {
        guard nextShard < job.shardCount else {
            throw InputError("the fold", expected: "\(job.shardCount) shards", found: "one more")
        }
        return try task.work(job.shard(nextShard))
    }

    private func id(_ prompt: PromptTokens) throws -> String {
        guard record.promptIDs.indices.contains(prompt.index) else {
            throw InputError(
                "shard \(nextShard)", expected: "prompts below \(record.promptIDs.count)", found: "\(prompt.index)")
        }
        return record.promptIDs[prompt.index]
    }
}

/// Snapshots: the letters ADTF, a version (u16), the digest of task and record, the number of results (u64), and each
/// result after its length.
extension CountsFold {
    private static let magic = Array("ADTF".utf8)
    private static let layout: UInt16 = 1
    private static let headBytes = 4 + 2 + 32 + 8

    var snapshotSize: Int { Self.headBytes + taken.count }

    func snapshot() throws -> [UInt8] {
        if let first = table.missing.first {
            throw InputError("a fold's snapshot", expected: "no shard left out", found: "shard \(first.shard)")
        }
        var writer = ByteWriter(reserving: snapshotSize)
        writer.raw(Self.magic)
        writer.fixed(Self.layout)
        writer.raw(digest.bytes)
        writer.fixed(UInt64(nextShard))
        writer.raw(taken)
        return writer.bytes
    }

    /// The fold that made the snapshot; this one is at its beginning. What was taken in is checked as it was then. Throws
    /// `InputError` for a snapshot that is damaged or of another job.
    func restored(from snapshot: [UInt8]) throws -> CountsFold {
        var fold = self
        do {
            var reader = ByteReader(snapshot)
            let head = Array(try reader.raw(Self.magic.count, "letters"))
            let layout: UInt16 = try reader.fixed("version")
            let digest = Array(try reader.raw(32, "job"))
            guard head == Self.magic, layout == Self.layout, digest == self.digest.bytes else {
                throw ByteError("head", expected: "that of a snapshot of this job", found: "another one")
            }
            let count: UInt64 = try reader.fixed("results")
            guard count <= job.shardCount else {
                throw ByteError("results", expected: "at most \(job.shardCount)", found: "\(count)")
            }
            for _ in 0..<count { try fold.fold(reader.array("result", limit: reader.remaining)) }
            try reader.end("snapshot")
        } catch let error as ByteError {
            throw error.inputError("a fold's snapshot")
        }
        return fold
    }

    private mutating func append(_ result: [UInt8]) {
        var writer = ByteWriter(reserving: result.count + 10)
        writer.varint(UInt64(result.count))
        writer.raw(result)
        taken += writer.bytes
    }

    /// Tells the job from others.
    private var digest: Digest { Digest(of: job.task.digest.bytes + Digest(of: job.record).bytes) }
}
