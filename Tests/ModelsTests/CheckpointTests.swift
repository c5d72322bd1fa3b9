import Foundation
import Inputs
import Models
import TestSupport
import Testing

struct CheckpointTests {
    @Test func aFolderGivesItsTensorsAndFiles() throws {
        let folder = try TemporaryFolder()
        try writeModel(folder)
        let model = try Checkpoint(folder.path)
        #expect(try model.tensor("model.norm.weight", shape: [8]).floats() == Array(repeating: 0, count: 8))
        #expect(try model.tensor("lm_head.weight", shape: [16, 8]).elementCount == 128)
        #expect(model.files == ["\(folder.path)/config.json", "\(folder.path)/model.safetensors"])
        #expect(model.gguf == nil)
    }

    @Test func aWrongShapeAMissingTensorAndAWrongTypeAreNamed() throws {
        let folder = try TemporaryFolder()
        try writeModel(folder)
        let model = try Checkpoint(folder.path)
        let shape = try inputError { try model.tensor("lm_head.weight", shape: [8, 16]) }
        #expect(shape.place == "\(folder.path)/model.safetensors: lm_head.weight")
        #expect(shape.expected == "shape [8, 16]" && shape.found == "shape [16, 8]")
        let missing = try inputError { try model.tensor("model.embed_tokens.weight", shape: [16, 8]) }
        #expect(missing.place == "\(folder.path): model.embed_tokens.weight")
        #expect(missing.expected == "a tensor of shape [16, 8]" && missing.found == "no such tensor")
        try folder.write("model.safetensors", zeroTensors(["model.norm.weight": [8]], type: "I64", bytes: 8))
        let type = try inputError { try Checkpoint(folder.path).tensor("model.norm.weight", shape: [8]) }
        #expect(type.place == "\(folder.path)/model.safetensors: model.norm.weight" && type.found == "I64")
    }

    @Test func aTensorThatTheArchitectureLacksIsRefused() throws {
        let folder = try TemporaryFolder()
        try writeModel(folder)
        for (name, shape) in [
            ("model.layers.0.self_attn.q_proj.bias", [8]), ("model.layers.2.mlp.up_proj.weight", [12, 8]),
            ("model.layers.0.self_attn.q_norm.weight", [4]), ("model.layers.00.mlp.up_proj.weight", [12, 8]),
            ("score.weight", [2, 8]),
        ] {
            try folder.write("model.safetensors", zeroTensors(["model.norm.weight": [8], name: shape]))
            let error = try inputError { try Checkpoint(folder.path) }
            #expect(error.place == "\(folder.path)/model.safetensors: \(name)")
            #expect(error.expected == "a tensor of a llama model of 2 layers")
        }
        // Frequencies that transformers once saved: made from the configuration today.
        let saved = "model.layers.1.self_attn.rotary_emb.inv_freq"
        try folder.write("model.safetensors", zeroTensors(["model.norm.weight": [8], saved: [2]]))
        let model = try Checkpoint(folder.path)
        #expect(try model.tensor("model.norm.weight", shape: [8]).elementCount == 8)
        #expect(try inputError { try model.tensor(saved, shape: [2]) }.found == "no such tensor")
    }

    private static let (a, b) = ("model.layers.0.input_layernorm.weight", "model.norm.weight")

    /// A folder of two shards.
    private func sharded(_ index: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try writeModel(folder)
        try FileManager.default.removeItem(atPath: "\(folder.path)/model.safetensors")
        try folder.write("one.safetensors", zeroTensors([Self.a: [8], "unlisted": [1]]))
        try folder.write("two.safetensors", zeroTensors([Self.b: [8]]))
        try folder.write("model.safetensors.index.json", "{\"metadata\": {}, \"weight_map\": \(index)}")
        return folder
    }

    @Test func shardsAreReadByTheIndex() throws {
        let folder = try sharded("{\"\(Self.a)\": \"one.safetensors\", \"\(Self.b)\": \"two.safetensors\"}")
        let model = try Checkpoint(folder.path)
        for name in [Self.a, Self.b] { #expect(try model.tensor(name, shape: [8]).elementCount == 8) }
        #expect(try inputError { try model.tensor("unlisted", shape: [1]) }.found == "no such tensor")
        let names = ["config.json", "model.safetensors.index.json", "one.safetensors", "two.safetensors"]
        #expect(model.files == names.map { "\(folder.path)/\($0)" })
    }

    @Test func anIndexThatDoesNotFitItsShardsIsRefused() throws {
        let absent = try sharded("{\"c\": \"one.safetensors\"}")
        let tensor = try inputError { try Checkpoint(absent.path) }
        #expect(tensor.place == "\(absent.path)/one.safetensors: c" && tensor.found == "no such tensor")
        let lost = try sharded("{\"a\": \"three.safetensors\"}")
        #expect(try inputError { try Checkpoint(lost.path) }.place == "\(lost.path)/three.safetensors")
        for name in ["../one.safetensors", "/etc/passwd", "x/../../y", ""] {
            let outside = try sharded("{\"a\": \"\(name)\"}")
            let error = try inputError { try Checkpoint(outside.path) }
            #expect(error.place.hasSuffix("index.json: weight_map.a") && error.found == "\"\(name)\"")
            #expect(error.expected == "a file inside the folder")
        }
    }

    @Test func aFolderWithoutSafetensorsOrWithTwoSetsIsRefused() throws {
        let folder = try sharded("{\"a\": \"one.safetensors\"}")
        try folder.write("model.safetensors", zeroTensors(["a": [1]]))
        #expect(try inputError { try Checkpoint(folder.path) }.found == "both")
        let pickle = try TemporaryFolder()
        try pickle.write("config.json", "{\"model_type\": \"llama\"}")
        try writeModel(pickle)
        try FileManager.default.removeItem(atPath: "\(pickle.path)/model.safetensors")
        #expect(try inputError { try Checkpoint(pickle.path) }.found == "neither")
        try pickle.write("pytorch_model.bin", "")
        #expect(try inputError { try Checkpoint(pickle.path) }.found == "pytorch_model.bin, a pickle")
    }

    @Test func inputsAreToldApart() throws {
        let folder = try TemporaryFolder()
        let nothing = try inputError { try InputKind.detect(folder.path) }
        #expect(nothing.found == "a folder without config.json or adapter_config.json")
        try writeModel(folder)
        #expect(try InputKind.detect(folder.path) == .modelFolder)
        #expect(try InputKind.detect(golden("tiny.gguf")) == .ggufFile)
        #expect(try inputError { try InputKind.detect("\(folder.path)/none") }.found == "no such file or folder")
        let file = try inputError { try InputKind.detect("\(folder.path)/config.json") }
        #expect(file.found == "a file that does not begin with GGUF")
        try folder.write("adapter_config.json", "{}")
        #expect(try inputError { try InputKind.detect(folder.path) }.found.hasPrefix("both adapter_config.json and"))
        try FileManager.default.removeItem(atPath: "\(folder.path)/model.safetensors")
        #expect(try InputKind.detect(folder.path) == .adapterFolder)
        #expect(try inputError { try Checkpoint(folder.path) }.found == "an adapter folder")
    }
}
