import Inputs
import Prompts
import Work

/// A piece of an `exemplars` job.
enum ExemplarsShard: Sendable, Hashable {
    /// Sequences to look for exemplars in.
    case texts(ShardWork)
    /// What the latents of one hook are in themselves: their place among the dictionary's, their tokens in the vocabulary.
    case dictionary(hook: Int)

    /// Version of the layout: a byte that says which it is, then the work in its own layout, or the hook (u16).
    static let layout: UInt16 = 1
    /// Bit 0: the token counts. Bit 1: the token is encoded.
    private static let maskCount = 2

    var bytes: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .texts(let work):
            writer.fixed(UInt8(0))
            writer.raw(work.bytes)
        case .dictionary(let hook):
            writer.fixed(UInt8(1))
            writer.fixed(UInt16(clamping: hook))
        }
        return writer.bytes
    }

    /// Reads a shard of a task. Throws `InputError` for bytes that are none.
    init(_ shard: WorkShard, of task: ExemplarsTask) throws {
        try shard.payload.require(kind: ExemplarsKind.name, version: Self.layout, what: "shard \(shard.index)")
        do {
            var reader = ByteReader(shard.payload.bytes)
            let form: UInt8 = try reader.fixed("form")
            switch form {
            case 0:
                self = .texts(
                    try ShardWork(
                        index: shard.index, bytes: Array(try reader.raw(reader.remaining, "texts")),
                        maskCount: Self.maskCount))
            case 1:
                let hook = Int(try reader.fixed("hook", as: UInt16.self))
                try reader.end("the shard")
                guard hook < task.hooks.count else {
                    throw ByteError("hook", expected: "below \(task.hooks.count)", found: "\(hook)")
                }
                self = .dictionary(hook: hook)
            default: throw ByteError("form", expected: "0 or 1", found: "\(form)")
            }
        } catch let error as ByteError {
            throw error.inputError("shard \(shard.index)")
        }
    }
}

extension PromptTokens {
    /// The same with every token encoded.
    var encodedWhole: PromptTokens {
        PromptTokens(index: index, ids: ids, masks: masks.map { $0 & 1 | 2 })
    }
}
