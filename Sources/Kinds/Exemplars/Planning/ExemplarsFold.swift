import Compute
import Inputs
import Latents
import Prompts
import Work

/// The fold of an exemplars job.
struct ExemplarsFold: WorkFold {
    let task: ExemplarsTask
    let record: ExemplarsRecord
    /// Of actdiff.
    let version: String
    let shardCount: Int
    /// Reads one shard by index.
    let shard: @Sendable (Int) throws -> WorkShard

    private(set) var nextShard = 0
    /// By hook.
    private(set) var found: [HookExemplars]
    /// By hook; nil while its shard is not folded, and for good if it was left out.
    private(set) var geometry: [HookGeometry?]
    private(set) var missing: [MissingShard] = []

    init(
        task: ExemplarsTask, record: ExemplarsRecord, version: String, shardCount: Int,
        shard: @escaping @Sendable (Int) throws -> WorkShard
    ) {
        self.task = task
        self.record = record
        self.version = version
        self.shardCount = shardCount
        self.shard = shard
        found = task.hooks.map { HookExemplars($0, models: task.modelCount) }
        geometry = task.hooks.map { _ in nil }
    }

    mutating func fold(_ result: [UInt8]) throws {
        let work = try shard(nextShard)
        do {
            switch (try ExemplarsJudge(task: task).decoded(result, work), try ExemplarsShard(work, of: task)) {
            case (.texts(let hooks), .texts):
                for (index, hook) in task.hooks.enumerated() {
                    found[index].merge(hooks[index], of: hook, selection: task.selection)
                }
            case (.geometry(let geometry), .dictionary(let hook)): self.geometry[hook] = geometry
            default: throw ByteError("result.form", expected: "that of its shard", found: "the other")
            }
        } catch let error as ByteError {
            throw error.inputError("shard \(nextShard)")
        }
        nextShard += 1
    }

    mutating func skip(_ error: InputError) throws {
        let (prompts, tokens): (Int, Int) =
            switch try ExemplarsShard(shard(nextShard), of: task) {
            case .texts(let work): (work.prompts.count, work.tokenCount)
            case .dictionary: (0, 0)
            }
        missing.append(MissingShard(shard: nextShard, prompts: prompts, tokens: tokens, error: error))
        nextShard += 1
    }

    // MARK: Snapshots

    /// At most so much: what is compressed is smaller.
    var snapshotSize: Int {
        let exemplars = found.lazy.flatMap(\.latents).reduce(0) { sum, latent in
            sum + latent.histograms.reduce(64) { $0 + 10 * $1.count }
                + latent.exemplars.reduce(0) { $0 + 4 * $1.activations.count + 40 }
        }
        return geometry.reduce(exemplars) { $0 + 4 * ($1?.cosines.count ?? 0) + 1000 * ($1?.latents.count ?? 0) + 64 }
    }

    func snapshot() throws -> [UInt8] {
        if let first = missing.first {
            throw InputError("a fold's snapshot", expected: "no shard left out", found: "shard \(first.shard)")
        }
        do {
            var writer = ByteWriter()
            writer.varint(UInt64(nextShard))
            let most = ExemplarsCodec.mostBytes
            try writer.array(ExemplarsCodec.encode(.texts(found)), "exemplars", limit: most)
            for geometry in geometry {
                try writer.optional(geometry) { writer, geometry in
                    try writer.array(ExemplarsCodec.encode(.geometry(geometry)), "geometry", limit: most)
                }
            }
            return writer.bytes
        } catch let error as ByteError {
            throw error.inputError("a fold's snapshot")
        }
    }

    /// This fold as it was when the snapshot was made. Throws `InputError` for a snapshot that is damaged or of another job.
    func restored(from snapshot: [UInt8]) throws -> ExemplarsFold {
        var restored = self
        do {
            var reader = ByteReader(snapshot)
            let most = ExemplarsCodec.mostBytes
            restored.nextShard = try reader.integer("next shard", limit: shardCount)
            guard
                case .texts(let hooks) = try ExemplarsCodec.decode(reader.array("exemplars", limit: most), task: task)
            else { throw ByteError("exemplars", expected: "exemplars", found: "geometry") }
            restored.found = hooks
            restored.geometry = try task.hooks.map { _ in
                try reader.optional("geometry") { reader in
                    guard
                        case .geometry(let geometry) = try ExemplarsCodec.decode(
                            reader.array("geometry", limit: most), task: task)
                    else { throw ByteError("geometry", expected: "geometry", found: "exemplars") }
                    return geometry
                }
            }
            try reader.end("snapshot")
        } catch let error as ByteError {
            throw error.inputError("fold snapshot")
        }
        return restored
    }

    func write(into folder: String, provenance: FoldProvenance, checkCancelled: () throws -> Void) throws {
        guard nextShard == shardCount else {
            throw InputError("fold", expected: "all \(shardCount) shards", found: "\(nextShard)", kind: .temporary)
        }
        guard missing.count < shardCount else {
            throw InputError("fold", expected: "a shard with a result", found: "none among \(shardCount)")
        }
        try ExemplarBundleWriter(fold: self, provenance: provenance).write(to: folder, checkCancelled: checkCancelled)
    }
}
