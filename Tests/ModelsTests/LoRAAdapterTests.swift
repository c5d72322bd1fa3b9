import Foundation
import Inputs
import TestSupport
import Testing

@testable import Models

/// What peft answers for a tiny Llama, from scripts/goldens/checkpoints.py.
private struct PeftGolden: Decodable {
    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let config: String
        /// Rank and scale by module; nil where peft raises.
        let answer: [String: [Double]]?
        var testDescription: String { name }
    }
    let model: [String: Int]
    let cases: [Case]

    static func read() throws -> PeftGolden {
        try JSONDecoder().decode(PeftGolden.self, from: Data(contentsOf: URL(filePath: golden("peft.json"))))
    }
}

/// The model of the goldens.
private let tiny = Architecture(
    family: "llama", vocabularySize: 16, hiddenSize: 8, layerCount: 12, contextLength: 64,
    norm: Norm(.rms, epsilon: 1e-6),
    attention: Attention(
        headCount: 2, keyValueHeadCount: 1, headSize: 4, rotary: Rotary(theta: 10_000),
        windows: Array(repeating: nil, count: 12)),
    feedForward: FeedForward(.gated(.silu), width: 12),
    head: Head(norm: Norm(.rms, epsilon: 1e-6), isTied: false), names: .llama)

/// [in, out] of a linear layer of `tiny`.
private func widths(_ module: String) -> (input: Int, output: Int) {
    switch module.split(separator: ".").last {
    case "q_proj", "o_proj": (8, 8)
    case "k_proj", "v_proj": (8, 4)
    case "down_proj": (12, 8)
    default: (8, 12)
    }
}

struct LoRAAdapterTests {
    /// Writes an adapter with zero pairs of these ranks.
    private func write(_ folder: TemporaryFolder, _ config: String, ranks: [String: Int]) throws {
        var shapes: [String: [Int]] = [:]
        for (module, rank) in ranks {
            shapes["base_model.model.\(module).lora_A.weight"] = [rank, widths(module).input]
            shapes["base_model.model.\(module).lora_B.weight"] = [widths(module).output, rank]
        }
        try folder.write("adapter_config.json", config)
        try folder.write("adapter_model.safetensors", zeroTensors(shapes))
    }

    @Test func modulesRanksAndScalesAreThoseOfPeft() throws {
        let golden = try PeftGolden.read()
        #expect(golden.cases.count > 20 && golden.model["num_hidden_layers"] == tiny.layerCount)
        var largest = LargestDifference()
        for test in golden.cases {
            let folder = try TemporaryFolder()
            guard let answer = test.answer else {
                try write(folder, test.config, ranks: ["model.layers.0.self_attn.q_proj": 8])
                let error = try inputError { try LoRAAdapter(folder.path, for: tiny) }
                #expect(error.place.hasSuffix("adapter_config.json: target_modules"), "\(test.name)")
                continue
            }
            try write(folder, test.config, ranks: answer.mapValues { Int($0[0]) })
            let adapter = try LoRAAdapter(folder.path, for: tiny)
            #expect(adapter.pairs.keys.sorted() == answer.keys.sorted(), "\(test.name)")
            for (module, expected) in answer {
                let pair = try #require(adapter.pairs[module])
                #expect(pair.rank == Int(expected[0]), "\(test.name): \(module)")
                largest.add(pair.scale, Float(expected[1]), at: "\(test.name): \(module)")
            }
            let layers = answer.keys.compactMap { Int($0.split(separator: ".")[2]) }
            #expect(adapter.firstLayer == layers.min(), "\(test.name)")
        }
        print("peft's scales: largest difference \(largest) (tolerance 0: the same division, then float32)")
        #expect(largest.value == 0)
    }

    /// A valid configuration with members added or replaced.
    private func config(_ changes: [String: String] = [:]) -> String {
        let plain = [
            "peft_type": "\"LORA\"", "r": "2", "lora_alpha": "4", "target_modules": "[\"q_proj\"]",
            "layers_to_transform": "[3]", "bias": "\"none\"",
        ]
        let members = plain.merging(changes) { $1 }.map { "\"\($0.key)\": \($0.value)" }
        return "{\(members.sorted().joined(separator: ", "))}"
    }

    private let module = "model.layers.3.self_attn.q_proj"

    private func refusal(_ config: String, ranks: [String: Int]? = nil) throws -> InputError {
        let folder = try TemporaryFolder()
        try write(folder, config, ranks: ranks ?? [module: 2])
        return try inputError { try LoRAAdapter(folder.path, for: tiny) }
    }

    /// "No match" would adapt what is to be excluded, and more.
    @Test(arguments: [
        "target_modules", "exclude_modules", "rank_pattern", "alpha_pattern", "layers_pattern",
    ]) func patternsThatBacktrackWithoutEndAreErrors(_ key: String) throws {
        let pattern = "(.*a|.*b|.*)*x"
        let value =
            switch key {
            case "rank_pattern", "alpha_pattern": "{\"\(pattern)\": 2}"
            case "layers_pattern": "[\"\(pattern)\"]"
            default: "\"\(pattern)\""
            }
        var changes = [key: value]
        if key == "target_modules" { changes["layers_to_transform"] = "null" }
        let start = ContinuousClock.now
        let error = try refusal(config(changes))
        #expect(ContinuousClock.now - start < .seconds(30), "half a second, if nothing else runs")
        #expect(error.place.contains("/adapter_config.json: \(key)"), "\(error)")
        #expect(error.expected == "a regular expression that is matched within its limits of steps and memory")
        #expect(error.found.hasPrefix("one that goes on for the module model."))
    }

    @Test(arguments: ["(*LIMIT_MATCH=9)q_proj", "(*NO_JIT).*", ".*(*ACCEPT)"]) func verbsAreRefused(_ pattern: String)
        throws
    {
        let error = try refusal(config(["exclude_modules": "\"\(pattern)\""]))
        #expect(error.place.hasSuffix(": exclude_modules") && error.expected == "a regular expression")
    }

    @Test func tooManyOrTooLongPatternsAreRefused() throws {
        let many = (0...AdapterConfig.mostPatterns).map { "\"m\($0)\": 2" }.joined(separator: ",")
        #expect(try refusal(config(["rank_pattern": "{\(many)}"])).expected == "at most 4096 patterns")
        let long = String(repeating: "q", count: 70_000)
        #expect(try refusal(config(["exclude_modules": "\"\(long)\""])).found == "70000 bytes")
    }

    /// Infinity times a zero of the pair is no number.
    @Test(arguments: ["lora_alpha", "alpha_pattern"]) func aScaleBeyondFloat32IsRefused(_ key: String) throws {
        let error = try refusal(config([key: key == "lora_alpha" ? "1e300" : "{\"q_proj\": 1e300}"]))
        #expect(error.place.hasSuffix("/adapter_config.json: lora_alpha"), "\(error)")
        #expect(error.expected == "a scale for \(module) that float32 holds" && error.found == "1e+300")
    }

    @Test func aPlainAdapterIsRead() throws {
        let folder = try TemporaryFolder()
        try write(folder, config(["unknown": "null", "new_flag": "false", "loftq_config": "{}"]), ranks: [module: 2])
        let adapter = try LoRAAdapter(folder.path, for: tiny)
        let pair = try #require(adapter.pairs[module])
        #expect(pair.a.shape == [2, 8] && pair.b.shape == [8, 2] && pair.scale == 2 && adapter.firstLayer == 3)
        let names = ["adapter_config.json", "adapter_model.safetensors"]
        #expect(adapter.files == names.map { "\(folder.path)/\($0)" })
    }

    @Test(arguments: [
        ("use_dora", "true", "DoRA is not supported"), ("modules_to_save", "[\"lm_head\"]", "trained whole"),
        ("lora_bias", "true", "bias training"), ("fan_in_fan_out", "true", "transposed"),
        ("trainable_token_indices", "[1, 2]", "token embeddings"), ("target_parameters", "[\"w\"]", "bare parameters"),
        ("layer_replication", "[[0, 4]]", "replicated layers"), ("alora_invocation_tokens", "[1]", "variant of LoRA"),
        ("use_qalora", "true", "variant of LoRA"), ("kasa_config", "{\"beta\": 1}", "variant of LoRA"),
        ("some_new_flag", "true", "variant of LoRA"), ("some_new_number", "0.5", "variant of LoRA"),
        ("bias", "\"all\"", "bias training"), ("init_lora_weights", "\"pissa\"", "change the base weights"),
        ("init_lora_weights", "\"mica\"", "change the base weights"),
    ]) func variantsAreRefusedByName(_ key: String, value: String, hint: String) throws {
        let error = try refusal(config([key: value]))
        #expect(error.place.hasSuffix("/adapter_config.json: \(key)"))
        #expect(error.hint.contains(hint))
    }

    @Test func otherAdapterTypesAreRefused() throws {
        let error = try refusal(config(["peft_type": "\"IA3\""]))
        #expect(error.place.hasSuffix(": peft_type") && error.found == "\"IA3\"")
        #expect(error.expected == "the supported adapter type \"LORA\"")
    }

    @Test(arguments: ["embed_tokens", "lm_head"]) func embeddingsAndOutputHeadAreRefused(_ target: String) throws {
        let error = try refusal(
            config(["target_modules": "[\"\(target)\", \"model.\(target)\"]", "layers_to_transform": "[]"]))
        #expect(error.place.hasSuffix(": target_modules") && error.found.contains(target))
    }

    @Test func layersThatTheModelLacksAreRefused() throws {
        let error = try refusal(config(["layers_to_transform": "[3, 12]"]))
        #expect(error.place.hasSuffix(": layers_to_transform[1]") && error.found == "12")
        #expect(error.expected == "a layer from 0 to 11, which the model has")
    }

    @Test func aTensorOutsideTheTargetsIsRefusedWithItsModule() throws {
        let other = try refusal(config(), ranks: [module: 2, "model.layers.4.self_attn.q_proj": 2])
        #expect(other.place.hasSuffix("adapter_model.safetensors: model.layers.4.self_attn.q_proj"))
        #expect(other.expected == "only modules that target_modules names")
        let above = try refusal(config(), ranks: [module: 2, "model.layers.30.self_attn.q_proj": 2])
        #expect(above.place.hasSuffix(": model.layers.30.self_attn.q_proj"))
        #expect(above.expected == "only linear layers of the model, which has 12 layers")
        #expect(above.hint == "the adapter was trained on another model")
    }

    @Test func aTargetWithoutItsPairIsRefusedWithItsModule() throws {
        let none = try refusal(config(["layers_to_transform": "[3, 5]"]))
        #expect(none.place.hasSuffix(": model.layers.5.self_attn.q_proj") && none.found == "no lora_A.weight")
        let folder = try TemporaryFolder()
        try write(folder, config(), ranks: [:])
        try folder.write(
            "adapter_model.safetensors", zeroTensors(["base_model.model.\(module).lora_A.weight": [2, 8]]))
        let half = try inputError { try LoRAAdapter(folder.path, for: tiny) }
        #expect(half.place.hasSuffix(": \(module)") && half.found == "no lora_B.weight")
    }

    @Test func anAdapterForAModelOfAnotherSizeIsRefusedWithBothShapes() throws {
        let folder = try TemporaryFolder()
        try write(folder, config(), ranks: [module: 2])
        var larger = tiny
        (larger.hiddenSize, larger.attention.headSize) = (16, 8)
        let error = try inputError { try LoRAAdapter(folder.path, for: larger) }
        #expect(error.place.hasSuffix("adapter_model.safetensors: base_model.model.\(module).lora_A.weight"))
        #expect(error.expected == "shape [2, 16]" && error.found == "shape [2, 8]")
    }

    @Test func ranksThatTheConfigurationDoesNotStateAreRefused() throws {
        let error = try refusal(config(["rank_pattern": "{\"q_proj\": 3}"]))
        #expect(error.expected == "shape [3, 8]" && error.found == "shape [2, 8]")
    }

    @Test func namesOfOtherPartsAreRefused() throws {
        let folder = try TemporaryFolder()
        try write(folder, config(), ranks: [:])
        for name in ["base_model.model.\(module).lora_magnitude_vector", "\(module).lora_A.weight"] {
            try folder.write("adapter_model.safetensors", zeroTensors([name: [2, 8]]))
            let error = try inputError { try LoRAAdapter(folder.path, for: tiny) }
            #expect(error.place == "\(folder.path)/adapter_model.safetensors: \(name)")
            #expect(error.expected.contains("base_model.model.<module>.lora_A.weight"))
        }
    }

    @Test func picklesAndMissingWeightsAreRefused() throws {
        let folder = try TemporaryFolder()
        try folder.write("adapter_config.json", config())
        #expect(try inputError { try LoRAAdapter(folder.path, for: tiny) }.found == "no weights")
        try folder.write("adapter_model.bin", "")
        let error = try inputError { try LoRAAdapter(folder.path, for: tiny) }
        #expect(error.expected == "adapter_model.safetensors" && error.found == "adapter_model.bin, a pickle")
        #expect(error.hint.contains("save the adapter as safetensors"))
    }

    @Test(arguments: ["(q_proj", "(?P=n)", "(?(1)a|b)", "[[q]_proj", "[a&&b]", "[a--b]"])
    func patternsThatCannotBeReadAsPythonDoesAreRefused(_ pattern: String) throws {
        let plain = config(["target_modules": "\"\(pattern)\"", "layers_to_transform": "null"])
        let error = try refusal(plain)
        #expect(error.place.hasSuffix(": target_modules") && error.found == "\"\(pattern)\"")
    }

    @Test func layersBesideAPatternAreRefusedAsInPeft() throws {
        let error = try refusal(config(["target_modules": "\".*q_proj\""]))
        #expect(error.place.hasSuffix(": layers_to_transform"))
        let pattern = try refusal(config(["layers_pattern": "\"layers\"", "layers_to_transform": "null"]))
        #expect(pattern.place.hasSuffix(": layers_pattern"))
    }
}
