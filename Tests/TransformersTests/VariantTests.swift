import Compute
import Foundation
import Inputs
import TestSupport
import Testing
@testable import Models
@testable import Tensors
@testable import Transformers

/// Base, adapters and whole checkpoints in one run: the numbers of separate runs, and equal parts computed once.
@Suite struct VariantTests {
    static let base = "\(LlamaGoldenTests.goldens)/llama-grouped"
    let folder = try? TemporaryModels()

    /// The final states by variant, and how many blocks were computed.
    private struct Outcome: Equatable {
        var states: [[Float]]
        var blocks: Int
    }

    private func run(
        _ base: String, adapters: [String] = [], checkpoints: [String] = [], threads: Int = 2
    ) throws -> Outcome {
        let plain = try Checkpoint(base)
        let model = try CPUBackend(
            plain, adapters: adapters.map { try LoRAAdapter($0, for: plain.architecture) },
            checkpoints: checkpoints.map { try Checkpoint($0) }, depth: 3, threads: Threads(threads))
        let sequences = PackedSequences((0..<24).map { length in (0..<40).map { UInt32(($0 * 7 + length) % 61) } })
        var outcome = Outcome(states: Array(repeating: [], count: 1 + adapters.count + checkpoints.count), blocks: 0)
        try model.run(
            ForwardRequest(sequences, taps: streams(3...3)), afterLayer: { outcome.blocks += 1 }
        ) { stream in
            #expect(stream.variants == stream.variants.sorted())
            for variant in stream.variants { outcome.states[variant] = Array(stream.rows) }
        }
        return outcome
    }

    @Test("a checkpoint equal to the base costs nothing and gives the same")
    func equalCheckpoint() throws {
        let folder = try #require(folder)
        let alone = try run(Self.base)
        #expect(alone.blocks == 3)
        let both = try run(Self.base, checkpoints: [folder.copy(Self.base)])
        #expect(both == Outcome(states: [alone.states[0], alone.states[0]], blocks: 3))
    }

    @Test(
        "a checkpoint is computed from the first block on in which it differs",
        arguments: [
            ("model.embed_tokens.weight", 3), ("model.layers.0.input_layernorm.weight", 3),
            ("model.layers.0.self_attn.k_proj.weight", 3), ("model.layers.1.mlp.up_proj.weight", 2),
            ("model.layers.2.post_attention_layernorm.weight", 1), ("model.layers.2.mlp.down_proj.weight", 1),
            ("lm_head.weight", 0),
        ])
    func changedTensor(name: String, blocksOfItsOwn: Int) throws {
        let folder = try #require(folder)
        let tuned = try folder.copy(Self.base, changing: name)
        let (alone, separate) = (try run(Self.base), try run(tuned))
        #expect((separate.states != alone.states) == (blocksOfItsOwn > 0))
        let both = try run(Self.base, checkpoints: [tuned])
        #expect(both.states == alone.states + separate.states)
        #expect(both.blocks == 3 + blocksOfItsOwn)
    }

    @Test("checkpoints share with each other what they do not share with the base, beside adapters")
    func several() throws {
        let folder = try #require(folder)
        let adapter = Self.base + "/adapter"
        let first = try folder.copy(Self.base, changing: "model.layers.1.mlp.down_proj.weight")
        let second = try folder.copy(first, changing: "model.layers.2.self_attn.q_proj.weight")
        let separate = try [
            run(Self.base).states[0], run(Self.base, adapters: [adapter]).states[1], run(first).states[0],
            run(second).states[0], run(Self.base).states[0],
        ]
        let adapted = try run(Self.base, adapters: [adapter]).blocks
        for threads in [1, 3] {
            let together = try run(
                Self.base, adapters: [adapter], checkpoints: [first, second, folder.copy(Self.base)], threads: threads)
            #expect(together.states == separate)
            // The two share block 1, and part at block 2.
            #expect(together.blocks == adapted + 1 + 2)
        }
    }

    @Test(
        "nothing is shared where the configuration gives other numbers",
        arguments: [
            ("\"rms_norm_eps\": 1e-06", "\"rms_norm_eps\": 1e-03"), ("10000.0", "500.0"),
        ])
    func otherConfiguration(old: String, new: String) throws {
        let folder = try #require(folder)
        let tuned = try folder.copy(Self.base, config: (old, new))
        let (alone, separate) = (try run(Self.base), try run(tuned))
        #expect(alone.states != separate.states)
        let twice = try run(Self.base, checkpoints: [tuned, tuned])
        #expect(twice.states == alone.states + separate.states + separate.states)
        #expect(twice.blocks == 3 + 3)
    }

    @Test("bounds that no computation sees do not keep checkpoints from sharing")
    func otherContext() throws {
        let folder = try #require(folder)
        let tuned = try folder.copy(
            Self.base, config: ("\"max_position_embeddings\": 128", "\"max_position_embeddings\": 64"))
        #expect(try run(Self.base, checkpoints: [tuned]).blocks == 3)
    }

    @Test("an error names the checkpoint that is at fault")
    func missingTensor() throws {
        let folder = try #require(folder)
        let tuned = try folder.copy(Self.base, renaming: "layers.2.mlp.down_proj", to: "layers.2.mlp.down_prox")
        let error = #expect(throws: InputError.self) { try run(Self.base, checkpoints: [tuned]) }
        #expect(error?.place == "\(tuned)/model.safetensors: model.layers.2.mlp.down_prox.weight")
    }
}

/// Changed copies of a model, which go away with the object.
final class TemporaryModels {
    private let folder: TemporaryFolder
    private var path: String { folder.path }

    init() throws { folder = try TemporaryFolder() }

    /// A copy of a model folder, with one element of a tensor changed or the configuration's text.
    func copy(
        _ model: String, changing name: String? = nil, config: (old: String, new: String)? = nil
    ) throws -> String {
        let copy = "\(path)/\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        for file in ["config.json", "model.safetensors"] {
            try FileManager.default.copyItem(atPath: "\(model)/\(file)", toPath: "\(copy)/\(file)")
        }
        if let name {
            let tensor = try #require(SafetensorsFile("\(copy)/model.safetensors").tensors[name])
            // The highest bits of the last element's significand: float32, little-endian.
            try rewrite("\(copy)/model.safetensors") { $0[tensor.offset + tensor.byteCount - 2] ^= 0x60 }
        }
        if let config {
            let text = try String(contentsOfFile: "\(copy)/config.json", encoding: .utf8)
            try #require(text.contains(config.old))
            try Data(text.replacing(config.old, with: config.new).utf8)
                .write(to: URL(fileURLWithPath: "\(copy)/config.json"))
        }
        return copy
    }

    /// A copy with a part of a tensor's name replaced by one as long.
    func copy(_ model: String, renaming old: String, to new: String) throws -> String {
        let copy = try copy(model)
        try rewrite("\(copy)/model.safetensors") { data in
            let range = try #require(data.range(of: Data(old.utf8)))
            data.replaceSubrange(range, with: Data(new.utf8))
        }
        return copy
    }

    private func rewrite(_ file: String, _ change: (inout Data) throws -> Void) throws {
        var data = try Data(contentsOf: URL(fileURLWithPath: file))
        try change(&data)
        try data.write(to: URL(fileURLWithPath: file))
    }
}
