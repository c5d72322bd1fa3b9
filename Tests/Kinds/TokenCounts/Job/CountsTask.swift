import Inputs
import Prompts
import Work

/// What every shard needs: which token ids there are. The digest makes jobs with other tokenizers other tasks.
///
/// Workers open no files for it. A task that names some gives a digest for each; see `DiffTask` of Latents.
struct CountsTask: Sendable, Hashable {
    /// One more than the largest token id.
    var vocabularySize: Int
    /// Of the tokenizer's files.
    var tokenizer: Digest
}

/// The task as bytes, in the store and on the wire: the vocabulary's size as a variable-length integer, and the digest.
extension CountsTask {
    /// Version of the layout.
    static let layout: UInt16 = 1
    /// Token ids are numbers of 32 bits; no vocabulary comes near that.
    private static let largestVocabulary = 1 << 28

    /// The task in this layout. Throws `InputError` for one beyond the limits.
    func payload() throws -> Payload {
        var writer = ByteWriter()
        try Self.reading {
            try writer.integer(vocabularySize, "vocabulary", limit: Self.largestVocabulary)
        }
        writer.raw(tokenizer.bytes)
        return Payload(kind: TokenCountsKind.name, version: Self.layout, bytes: writer.bytes)
    }

    /// Reads a task. Throws `InputError` for another kind's or layout's, and for bytes that are none.
    init(_ payload: Payload) throws {
        try payload.require(kind: TokenCountsKind.name, version: Self.layout, what: "the task")
        self = try Self.reading {
            var reader = ByteReader(payload.bytes)
            let size = try reader.integer("vocabulary", limit: Self.largestVocabulary)
            let bytes = try reader.raw(32, "tokenizer")
            try reader.end("task")
            guard let digest = Digest(bytes: bytes) else {
                throw ByteError("tokenizer", expected: "a digest", found: "\(bytes.count) bytes")
            }
            return CountsTask(vocabularySize: size, tokenizer: digest)
        }
    }

    /// The shard with its tokens. Throws `InputError` for bytes that are none, or have tokens that are not in the
    /// vocabulary.
    func work(_ shard: WorkShard) throws -> ShardWork {
        try shard.payload.require(kind: TokenCountsKind.name, version: ShardWork.layout, what: "shard \(shard.index)")
        let work = try ShardWork(index: shard.index, bytes: shard.payload.bytes, maskCount: 1)
        for prompt in work.prompts {
            if let stranger = prompt.ids.first(where: { $0 >= vocabularySize }) {
                throw InputError(
                    "shard \(shard.index): prompt \(prompt.index)",
                    expected: "token ids below \(vocabularySize)", found: "\(stranger)")
            }
        }
        return work
    }

    private static func reading<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ByteError {
            throw error.inputError("the task")
        }
    }
}
