import Inputs
import Prompts

/// Shard results as bytes, for the network and the store.
///
/// The letters ADTC, a version (u16), then as variable-length integers the shard and the number of prompts; for each
/// prompt the number of different tokens, and for each of these how many ids lie between it and the one before, and its
/// count. The same result has the same bytes.
enum ShardCountsCodec {
    private static let magic = Array("ADTC".utf8)
    private static let version: UInt16 = 1
    /// Of a shard's index.
    private static let mostShards = 1 << 31

    /// The result as bytes. Throws `InputError` for one whose tokens do not ascend.
    static func encode(_ result: ShardCounts) throws -> [UInt8] {
        try naming(result.shard) {
            var writer = ByteWriter()
            writer.raw(magic)
            writer.fixed(version)
            try writer.integer(result.shard, "shard", limit: mostShards)
            writer.varint(UInt64(result.prompts.count))
            for entries in result.prompts {
                writer.varint(UInt64(entries.count))
                var next = 0
                for entry in entries {
                    try writer.integer(entry.token - next, "token", limit: Int(UInt32.max))
                    try writer.integer(entry.count, "count", limit: Int(UInt32.max))
                    next = entry.token + 1
                }
            }
            return writer.bytes
        }
    }

    /// The result in `bytes`, held against the task and the shard that it must be of: tokens of the vocabulary, ascending,
    /// whose counts add up to the tokens of each prompt. Throws `InputError` for anything else.
    static func decode(_ bytes: [UInt8], task: CountsTask, work: ShardWork) throws -> ShardCounts {
        try naming(work.index) {
            var reader = ByteReader(bytes)
            let head = Array(try reader.raw(magic.count, "letters"))
            guard head == magic else { throw ByteError("letters", expected: "ADTC", found: "bytes \(head)") }
            let layout: UInt16 = try reader.fixed("version")
            try expect(Int(version), Int(layout), "version")
            try expect(work.index, reader.integer("shard", limit: mostShards), "shard")
            try expect(work.prompts.count, reader.integer("prompts", limit: work.prompts.count), "prompts")
            let prompts = try work.prompts.map { prompt in
                try entries("prompt \(prompt.index)", of: prompt.ids.count, task.vocabularySize, from: &reader)
            }
            try reader.end("result")
            return ShardCounts(shard: work.index, prompts: prompts)
        }
    }

    /// What stands there of one prompt of so many tokens.
    private static func entries(
        _ what: String, of tokens: Int, _ vocabularySize: Int, from reader: inout ByteReader
    ) throws -> [ShardCounts.Entry] {
        let different = try reader.integer("\(what): different tokens", limit: tokens)
        var (entries, next, left) = ([ShardCounts.Entry](), 0, tokens)
        for _ in 0..<different {
            let token = try next + reader.integer("\(what): token", limit: vocabularySize)
            guard token < vocabularySize else {
                throw ByteError("\(what): token", expected: "one below \(vocabularySize)", found: "\(token)")
            }
            let count = try reader.integer("\(what): count", limit: left)
            guard count > 0 else { throw ByteError("\(what): count", expected: "one above 0", found: "0") }
            entries.append(ShardCounts.Entry(token: token, count: count))
            (next, left) = (token + 1, left - count)
        }
        try expect(tokens, tokens - left, "\(what): all tokens")
        return entries
    }

    private static func expect(_ expected: Int, _ found: Int, _ what: String) throws {
        guard found == expected else { throw ByteError(what, expected: "\(expected)", found: "\(found)") }
    }

    private static func naming<Value>(_ shard: Int, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ByteError {
            throw error.inputError("result of shard \(shard)")
        }
    }
}
