import Tensors
import TestSupport
import Tokenization

@testable import Models

/// GGUF files: the container, and the model and the tokenizer in it.
struct GGUFChecks: Checks {
    private let file: MemoryFile

    init() throws { file = try MemoryFile() }

    func check(_ input: [UInt8]) throws {
        let path = try file.holding(input)
        guard let gguf = try accepted({ try GGUFFile(path) }) else { return }
        for key in gguf.keys {
            try demand(gguf.has(key), "a key without a value")
            _ = try accepted { try gguf.strings(key) }
            _ = try accepted { try gguf.integers(key) }
        }
        for tensor in gguf.tensors.values.prefix(64) { try ModelDemands.check(tensor) }
        if let checkpoint = try accepted({ try Checkpoint(path) }) { try ModelDemands.check(checkpoint) }
        if let tokenizer = try accepted({ try Tokenizer(gguf: gguf) }) {
            try TokenizerDemands.check(tokenizer, texts: ["Hello, <s>W\u{e4}lt  12 34's"])
        }
    }

    static func seeds() throws -> [[UInt8]] {
        [
            llama(types: [0, 1, 30]), llama(types: [2, 3, 8]),
            try Repository.bytes("Tests/ModelsTests/Goldens/tiny.gguf"),
        ]
    }

    /// The tiny model and a tokenizer, with the tensors in these types in turn where their rows are whole blocks of them.
    private static func llama(types: [UInt32]) -> [UInt8] {
        var file = TinyGGUF()
        file.add("general.architecture", .string("llama"))
        file.add("general.alignment", .uint32(32))
        let sizes = [
            "embedding_length": 32, "block_count": 1, "context_length": 64, "attention.head_count": 2,
            "attention.head_count_kv": 1, "feed_forward_length": 32, "rope.dimension_count": 16, "vocab_size": 8,
        ]
        for (key, size) in sizes.sorted(by: { $0.key < $1.key }) { file.add("llama.\(key)", .uint32(UInt32(size))) }
        file.add("llama.attention.layer_norm_rms_epsilon", .float32(1e-5))
        file.add("llama.rope.freq_base", .float32(10_000))
        addTokenizer(to: &file)
        let shapes = [
            "token_embd.weight": [8, 32], "output_norm.weight": [32], "blk.0.attn_norm.weight": [32],
            "blk.0.attn_q.weight": [32, 32], "blk.0.attn_k.weight": [16, 32], "rope_freqs.weight": [8],
        ]
        for (at, (name, shape)) in shapes.sorted(by: { $0.key < $1.key }).enumerated() {
            let type = shape.count == 1 ? 0 : types[at % types.count]
            file.add(name, shape: shape, type: type, bytes: stored(shape.reduce(1, *), type))
        }
        return file.bytes
    }

    private static func addTokenizer(to file: inout TinyGGUF) {
        file.add("tokenizer.ggml.model", .string("gpt2"))
        file.add("tokenizer.ggml.pre", .string("smollm"))
        let tokens = ["<s>", "H", "e", "l", "o", "el", "l\u{120}", "</s>"]
        file.add("tokenizer.ggml.tokens", .strings(tokens))
        file.add("tokenizer.ggml.token_type", .int32s([3, 1, 1, 1, 1, 1, 1, 4]))
        file.add("tokenizer.ggml.merges", .strings(["e l"]))
        file.add("tokenizer.ggml.bos_token_id", .uint32(0))
        file.add("tokenizer.ggml.eos_token_id", .uint32(7))
        file.add("tokenizer.ggml.add_bos_token", .bool(true))
        file.add(
            "tokenizer.chat_template", .string("{{ bos_token }}{% for m in messages %}{{ m.content }}{% endfor %}"))
    }

    /// Some numbers as ggml stores them; in blocks of 32 the scale comes first.
    private static func stored(_ count: Int, _ type: UInt32) -> [UInt8] {
        let blockBytes: [UInt32: Int] = [2: 18, 3: 20, 8: 34]
        if let bytes = blockBytes[type] {
            return (0..<count / 32).flatMap { block in [0, 0x3c] + (2..<bytes).map { UInt8(($0 + block) % 16) } }
        }
        let numbers = (0..<count).map { 1 + Float($0 % 5) / 4 }
        if type == 0 { return numbers.flatMap { number in withUnsafeBytes(of: number.bitPattern) { Array($0) } } }
        // The upper half is bfloat16; as float16 it is some other number.
        return numbers.flatMap { number in withUnsafeBytes(of: UInt16(number.bitPattern >> 16)) { Array($0) } }
    }
}
