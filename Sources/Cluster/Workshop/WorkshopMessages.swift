import Inputs
import Wire
import Work

/// What a coordinator asks of a workshop process. Each is answered once, except `shard`.
enum WorkshopRequest: Sendable {
    /// Answered by `planned` and its shards.
    case plan(JobSource, JobLabel)
    /// Opens a fold; its shards follow.
    case open(FoldOrder)
    /// The next shard of the job to be folded; not answered. After the last one the fold opens, which is answered.
    case shard(WorkShard)
    case fold([UInt8])
    case skip(InputError)
    case snapshot
    /// Begins the second pass over the results; answered by `secondPass`.
    case secondPass
    /// In the second pass, the result of the next shard that was not skipped.
    case review([UInt8])
    case write(folder: String, FoldProvenance)

    /// A job to be folded, without its shards.
    struct FoldOrder: Sendable {
        var source: JobSource
        var task: Payload
        var record: [UInt8]
        var shardCount: Int
        var snapshot: [UInt8]?
    }
}

/// What a workshop process says.
enum WorkshopReply: Sendable {
    /// It lives: how far it has come, in steps, and the most memory it has had, in bytes.
    case alive(progress: UInt64, peakBytes: Int)
    /// A plan but for its shards, and how many of them follow.
    case planned(WorkPlan, shardCount: Int)
    case shard(WorkPlan.Shard)
    /// What was asked for is done: where the fold stands, and how large a snapshot would be.
    case done(nextShard: Int, snapshotSize: Int)
    case snapshot([UInt8])
    case secondPass(isWanted: Bool)
    case failed(InputError)
}

// MARK: - As bytes

extension WorkshopRequest {
    private enum Kind: UInt8 { case plan = 1, open, shard, fold, skip, snapshot, secondPass, review, write }

    func frame() throws -> FrameSocket.Frame {
        var writer = ByteWriter()
        let kind: Kind
        switch self {
        case .plan(let source, let label):
            kind = .plan
            try source.write(to: &writer)
            try writer.string(label.kind, "label.kind", limit: WireLimits.nameBytes)
            try writer.string(label.name, "label.name", limit: WireLimits.nameBytes)
        case .open(let order):
            kind = .open
            try order.source.write(to: &writer)
            try order.task.write(to: &writer, "task", limit: WireLimits.taskBytes)
            try writer.array(order.record, "record", limit: FrameSocket.mostBytes)
            try writer.integer(order.shardCount, "shards", limit: WireLimits.shards)
            try writer.optional(order.snapshot) { try $0.array($1, "snapshot", limit: FrameSocket.mostBytes) }
        case .shard(let shard):
            kind = .shard
            try writer.integer(shard.index, "shard.index", limit: WireLimits.shards)
            try shard.payload.write(to: &writer, "shard", limit: WireLimits.shardBytes)
        case .fold(let result): return .init(kind: Kind.fold.rawValue, bytes: result)
        case .skip(let error):
            kind = .skip
            try error.write(to: &writer, "error")
        case .snapshot: kind = .snapshot
        case .secondPass: kind = .secondPass
        case .review(let result): return .init(kind: Kind.review.rawValue, bytes: result)
        case .write(let folder, let provenance):
            kind = .write
            try writer.string(folder, "folder", limit: WireLimits.pathBytes)
            try provenance.write(to: &writer)
        }
        return .init(kind: kind.rawValue, bytes: writer.bytes)
    }

    init(_ frame: FrameSocket.Frame) throws {
        guard let kind = Kind(rawValue: frame.kind) else {
            throw ByteError("request", expected: "a known kind", found: "\(frame.kind)")
        }
        var reader = ByteReader(frame.bytes)
        switch kind {
        case .plan:
            self = .plan(
                try JobSource(from: &reader),
                JobLabel(
                    kind: try reader.string("label.kind", limit: WireLimits.nameBytes),
                    name: try reader.string("label.name", limit: WireLimits.nameBytes)))
        case .open:
            self = .open(
                FoldOrder(
                    source: try JobSource(from: &reader),
                    task: try Payload(from: &reader, "task", limit: WireLimits.taskBytes),
                    record: try reader.array("record", limit: FrameSocket.mostBytes),
                    shardCount: try reader.integer("shards", limit: WireLimits.shards),
                    snapshot: try reader.optional("snapshot") {
                        try $0.array("snapshot", limit: FrameSocket.mostBytes)
                    }))
        case .shard:
            let index = try reader.integer("shard.index", limit: WireLimits.shards)
            self = .shard(
                WorkShard(index: index, payload: try Payload(from: &reader, "shard", limit: WireLimits.shardBytes)))
        case .fold:
            self = .fold(frame.bytes)
            return
        case .skip: self = .skip(try InputError(from: &reader, "error"))
        case .snapshot: self = .snapshot
        case .secondPass: self = .secondPass
        case .review:
            self = .review(frame.bytes)
            return
        case .write:
            self = .write(
                folder: try reader.string("folder", limit: WireLimits.pathBytes),
                try FoldProvenance(from: &reader))
        }
        try reader.end("request")
    }
}

extension WorkshopReply {
    private enum Kind: UInt8 { case alive = 1, planned, shard, done, snapshot, secondPass, failed }

    func frame() throws -> FrameSocket.Frame {
        var writer = ByteWriter()
        let kind: Kind
        switch self {
        case .alive(let progress, let peakBytes):
            kind = .alive
            writer.fixed(progress)
            writer.fixed(UInt64(max(0, peakBytes)))
        case .planned(let plan, let shardCount):
            kind = .planned
            try plan.task.write(to: &writer, "task", limit: WireLimits.taskBytes)
            writer.fixed(plan.shardVersion)
            try writer.list(plan.verified.sorted(), "verified", limit: WireLimits.shards) {
                try $0.integer($1, "verified", limit: WireLimits.shards)
            }
            writer.flag(plan.needsOneNumberSystem)
            try writer.array(plan.record, "record", limit: FrameSocket.mostBytes)
            try writer.integer(plan.foldBytes, "fold bytes", limit: .max)
            try writer.integer(shardCount, "shards", limit: WireLimits.shards)
        case .shard(let shard):
            kind = .shard
            try writer.array(shard.bytes, "shard", limit: FrameSocket.mostBytes)
            try writer.integer(shard.tokens, "shard.tokens", limit: Int(Int32.max))
        case .done(let nextShard, let snapshotSize):
            kind = .done
            try writer.integer(nextShard, "shard", limit: WireLimits.shards)
            try writer.integer(snapshotSize, "snapshot size", limit: .max)
        case .snapshot(let bytes): return .init(kind: Kind.snapshot.rawValue, bytes: bytes)
        case .secondPass(let isWanted):
            kind = .secondPass
            writer.flag(isWanted)
        case .failed(let error):
            kind = .failed
            try error.write(to: &writer, "error")
        }
        return .init(kind: kind.rawValue, bytes: writer.bytes)
    }

    init(_ frame: FrameSocket.Frame) throws {
        guard let kind = Kind(rawValue: frame.kind) else {
            throw ByteError("reply", expected: "a known kind", found: "\(frame.kind)")
        }
        var reader = ByteReader(frame.bytes)
        switch kind {
        case .alive:
            let progress: UInt64 = try reader.fixed("progress")
            let peak: UInt64 = try reader.fixed("memory")
            self = .alive(progress: progress, peakBytes: Int(clamping: peak))
        case .planned:
            let task = try Payload(from: &reader, "task", limit: WireLimits.taskBytes)
            let version: UInt16 = try reader.fixed("shards.version")
            let verified = try reader.list("verified", limit: WireLimits.shards) {
                try $0.integer("verified", limit: WireLimits.shards)
            }
            let needsOne = try reader.flag("number system")
            let record = try reader.array("record", limit: FrameSocket.mostBytes)
            self = .planned(
                WorkPlan(
                    task: task, shardVersion: version, shards: [], verified: Set(verified),
                    needsOneNumberSystem: needsOne, record: record,
                    foldBytes: try reader.integer("fold bytes", limit: .max)),
                shardCount: try reader.integer("shards", limit: WireLimits.shards))
        case .shard:
            let bytes = try reader.array("shard", limit: FrameSocket.mostBytes)
            self = .shard(.init(bytes: bytes, tokens: try reader.integer("shard.tokens", limit: Int(Int32.max))))
        case .done:
            let next = try reader.integer("shard", limit: WireLimits.shards)
            self = .done(nextShard: next, snapshotSize: try reader.integer("snapshot size", limit: .max))
        case .snapshot:
            self = .snapshot(frame.bytes)
            return
        case .secondPass: self = .secondPass(isWanted: try reader.flag("second pass"))
        case .failed: self = .failed(try InputError(from: &reader, "error"))
        }
        try reader.end("reply")
    }
}

extension JobSource {
    fileprivate func write(to writer: inout ByteWriter) throws {
        try writer.string(specText, "job file", limit: WireLimits.specBytes)
        try writer.string(specFile, "job file's name", limit: WireLimits.pathBytes)
        try writer.string(folder, "folder", limit: WireLimits.pathBytes)
    }

    fileprivate init(from reader: inout ByteReader) throws {
        self.init(
            specText: try reader.string("job file", limit: WireLimits.specBytes),
            specFile: try reader.string("job file's name", limit: WireLimits.pathBytes),
            folder: try reader.string("folder", limit: WireLimits.pathBytes))
    }
}

extension FoldProvenance {
    fileprivate func write(to writer: inout ByteWriter) throws {
        try writer.list(contentDigests, "digests", limit: WireLimits.shards) { writer, digest in
            try writer.optional(digest) { $0.raw($1.bytes) }
        }
        try writer.list(numberSystems.sorted(), "number systems", limit: WireLimits.rows) {
            try $0.string($1, "number system", limit: WireLimits.nameBytes)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws {
        let digests = try reader.list("digests", limit: WireLimits.shards) { reader in
            try reader.optional("digest") { reader in
                guard let digest = Digest(bytes: try reader.raw(32, "digest")) else {
                    throw ByteError("digest", expected: "32 bytes", found: "another number")
                }
                return digest
            }
        }
        let systems = try reader.list("number systems", limit: WireLimits.rows) {
            try $0.string("number system", limit: WireLimits.nameBytes)
        }
        self.init(contentDigests: digests, numberSystems: Set(systems))
    }
}
