import Inputs

/// A shard's tokens as bytes, in the store and on the wire: 32-bit little-endian numbers (prompts; for each its index and
/// token count), then each prompt's ids and mask bytes.
extension ShardWork {
    /// Version of the layout.
    public static let layout: UInt16 = 1
    /// Tokens in a shard: it travels in one message.
    private static let mostTokens: UInt32 = 1 << 20

    /// The shard in this layout.
    public var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + 8 * prompts.count + 5 * tokenCount)
        func append(_ number: UInt32) { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
        append(UInt32(clamping: prompts.count))
        for prompt in prompts {
            append(UInt32(clamping: prompt.index))
            append(UInt32(clamping: prompt.ids.count))
            for id in prompt.ids { append(id) }
            bytes.append(contentsOf: prompt.masks)
        }
        return bytes
    }

    /// Reads a shard of a job with `maskCount` masks. Throws `InputError` for bytes that `bytes` has not made: a prompt
    /// without tokens, mask bits beyond the masks, anything left over.
    public init(index: Int, bytes: [UInt8], maskCount: Int) throws {
        do {
            self = try Self.read(index: index, bytes, known: UInt8(truncatingIfNeeded: 1 << maskCount &- 1))
        } catch let error as ByteError {
            throw error.inputError("shard \(index)")
        }
    }

    private static func read(index: Int, _ bytes: [UInt8], known: UInt8) throws -> ShardWork {
        var reader = ByteReader(bytes)
        let count: UInt32 = try reader.fixed("prompts")
        var prompts: [PromptTokens] = []
        var tokens = 0
        for _ in 0..<count {
            let position: UInt32 = try reader.fixed("a prompt's index")
            let length: UInt32 = try reader.fixed("a prompt's tokens")
            tokens += Int(length)
            guard length > 0, tokens <= mostTokens else {
                throw ByteError(
                    "prompt \(position)", expected: "1 to \(mostTokens) tokens in a shard", found: "\(length)")
            }
            let ids = try reader.raw(4 * Int(length), "prompt \(position): ids").withUnsafeBytes { bytes in
                (0..<Int(length)).map {
                    UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
                }
            }
            let masks = Array(try reader.raw(Int(length), "prompt \(position): masks"))
            guard masks.allSatisfy({ $0 & ~known == 0 }) else {
                throw ByteError("prompt \(position): masks", expected: "bits of the job's masks", found: "other bits")
            }
            prompts.append(PromptTokens(index: Int(position), ids: ids, masks: masks))
        }
        try reader.end("the shard")
        return ShardWork(index: index, prompts: prompts)
    }
}
