import Foundation
import Inputs
import Models
import TestSupport
import Testing

struct ArchitectureTests {
    /// The configuration of a small Llama with these changes to its config.json.
    private func config(_ changes: [String: String?]) throws -> Architecture {
        let folder = try TemporaryFolder()
        try writeModel(folder, changes)
        return try Checkpoint(folder.path).architecture
    }

    /// The error that these changes give, which must name config.json.
    private func refusal(_ changes: [String: String?]) throws -> InputError {
        let error = try inputError { try config(changes) }
        #expect(error.place.contains("/config.json"))
        return error
    }

    @Test func llamaIsReadWithItsDefaults() throws {
        let plain = try config([
            "rms_norm_eps": nil, "rope_theta": nil, "num_key_value_heads": nil, "architectures": nil,
        ])
        #expect(plain.family == "llama" && plain.attention.headSize == 4 && plain.attention.keyValueHeadCount == 2)
        #expect(plain.norm.epsilon == 1e-6 && plain.attention.rotary == Rotary(theta: 10_000))
        #expect(plain.attention.windows == [nil, nil] && plain.contextLength == 64)
        let stated = try config(["head_dim": "6", "sliding_window": "7", "rope_scaling": "null"])
        #expect(stated.attention.headSize == 6 && stated.attention.keyValueHeadCount == 1)
        #expect(stated.norm.epsilon == 1e-5)
        #expect(stated.attention.rotary.theta == 50_000)
        // LlamaForCausalLM of transformers ignores the key.
        #expect(stated.attention.windows == [nil, nil])
    }

    @Test func mistralKeepsItsSlidingWindow() throws {
        let mistral = ["model_type": "\"mistral\"", "architectures": "[\"MistralForCausalLM\"]"]
        #expect(try config(mistral).family == "mistral")
        #expect(try config(mistral).attention.windows == [4096, 4096])
        #expect(try config(mistral.merging(["sliding_window": "null"]) { $1 }).attention.windows == [nil, nil])
        #expect(try config(mistral.merging(["sliding_window": "32"]) { $1 }).attention.windows == [32, 32])
        let mixed = try refusal(
            mistral.merging(["layer_types": "[\"sliding_attention\", \"full_attention\"]"]) { $1 })
        #expect(mixed.place.hasSuffix("layer_types[1]") && mixed.found == "\"full_attention\"")
    }

    @Test func ropeScalingIsReadInBothSpellings() throws {
        let values = """
            "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192
            """
        let llama3 = RopeScaling.llama3(
            factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 8192)
        let old = try config(["rope_scaling": "{\"rope_type\": \"llama3\", \(values)}"])
        #expect(old.attention.rotary.scaling == llama3)
        let new = try config([
            "rope_theta": nil, "rope_parameters": "{\"rope_type\": \"llama3\", \"rope_theta\": 500000.0, \(values)}",
        ])
        #expect(new.attention.rotary.scaling == llama3 && new.attention.rotary.theta == 500_000)
        let linear = try config(["rope_scaling": "{\"type\": \"linear\", \"factor\": 2}"])
        #expect(linear.attention.rotary.scaling == .linear(factor: 2))
        let plain = try config([
            "rope_theta": nil, "rope_parameters": "{\"rope_type\": \"default\", \"rope_theta\": 7.0}",
        ])
        #expect(plain.attention.rotary.scaling == .none && plain.attention.rotary.theta == 7)
    }

    @Test(arguments: [
        ("{\"rope_type\": \"yarn\", \"factor\": 2}", ": rope_scaling.rope_type", "\"yarn\""),
        ("{\"type\": \"dynamic\", \"factor\": 2}", ": rope_scaling.type", "\"dynamic\""),
        ("{\"rope_type\": \"linear\"}", ": rope_scaling", "no such key"),
        ("{\"rope_type\": \"linear\", \"factor\": 0}", ": rope_scaling.factor", "0"),
        ("{\"rope_type\": \"linear\", \"factor\": 2, \"mscale\": 1}", ": rope_scaling.mscale", "'mscale'"),
        ("{\"rope_type\": \"linear\", \"type\": \"llama3\"}", ": rope_scaling.type", "\"llama3\""),
        ("{\"rope_type\": \"linear\", \"factor\": 2, \"rope_theta\": 3}", ": rope_theta", "50000"),
    ]) func ropeScalingThatIsNotComputedIsRefused(_ text: String, place: String, found: String) throws {
        let error = try refusal(["rope_scaling": text])
        #expect(error.place.hasSuffix(place) && error.found == found)
    }

    @Test func bothRopeSpellingsAtOnceAreRefused() throws {
        let error = try refusal([
            "rope_scaling": "{\"type\": \"linear\", \"factor\": 2}", "rope_parameters": "{\"rope_theta\": 2}",
        ])
        #expect(error.expected == "rope_scaling or rope_parameters")
    }

    @Test func unknownArchitecturesAreRefusedWithThoseSupported() throws {
        let type = try refusal(["model_type": "\"gpt2\""])
        #expect(type.place.hasSuffix(": model_type") && type.found == "\"gpt2\"")
        #expect(type.expected == "one of the supported architectures llama, mistral")
        let architecture = try refusal(["architectures": "[\"LlamaForSequenceClassification\"]"])
        #expect(architecture.place.hasSuffix(": architectures[0]") && architecture.expected == "LlamaForCausalLM")
        #expect(try refusal(["model_type": nil]).expected == "the key 'model_type'")
    }

    @Test(arguments: [
        ("hidden_act", "\"gelu\"", "the activation silu"), ("attention_bias", "true", "false"),
        ("mlp_bias", "true", "false"), ("pretraining_tp", "2", "1"), ("partial_rotary_factor", "0.5", "1"),
        ("quantization_config", "{\"quant_method\": \"gptq\"}", "no quantization_config"),
        ("auto_map", "{\"AutoModel\": \"m.M\"}", "no auto_map"), ("head_dim", "5", "an even number up to 16777216"),
        ("hidden_size", "0", "a whole number of at least 1"),
        ("vocab_size", "9000000000000000000", "a whole number up to 16777216"),
        ("num_hidden_layers", "100000", "a whole number up to 4096"), ("rms_norm_eps", "-1", "a number from 0 to 1"),
    ]) func variantsThatAreNotComputedAreRefusedByName(_ key: String, value: String, expected: String) throws {
        let error = try refusal([key: value])
        #expect(error.place.hasSuffix("/config.json: \(key)") && error.expected == expected)
    }

    @Test func keysThatNobodyKnowsAreRefusedByName() throws {
        let error = try refusal(["clip_qkv": "8.0"])
        #expect(error.place.hasSuffix("/config.json: clip_qkv") && error.expected == "no clip_qkv")
        #expect(error.found == "8" || error.found == "8.0")
        // What says nothing, and what every configuration may say.
        let plain = try config([:])
        #expect(try config(["clip_qkv": "null", "new_flag": "false", "new_list": "[]"]) == plain)
        #expect(try config(["use_cache": "true", "torch_dtype": "\"bfloat16\"", "top_k": "50"]) == plain)
        // A key that one family looks at, and the other does not.
        #expect(try config(["sliding_window": "7"]) == plain)
    }

    @Test func aTiedHeadIsTold() throws {
        #expect(try config([:]).head.isTied == false)
        #expect(try config(["tie_word_embeddings": "true"]).head.isTied)
    }

    @Test func headCountsThatDoNotDivideAreRefused() throws {
        #expect(try refusal(["num_key_value_heads": "3"]).found == "3")
        #expect(try refusal(["hidden_size": "9"]).expected == "a hidden_size of 2 heads of an even size")
    }

    @Test func ggufMetadataIsRead() throws {
        let config = try Checkpoint(golden("tiny.gguf")).architecture
        #expect(config.family == "llama" && config.vocabularySize == 24 && config.hiddenSize == 32)
        #expect(config.layerCount == 2 && config.contextLength == 512 && config.norm == Norm(.rms, epsilon: 1e-5))
        #expect(
            config.attention
                == Attention(
                    headCount: 2, keyValueHeadCount: 1, headSize: 16, rotary: Rotary(theta: 50_000),
                    windows: [nil, nil]))
        #expect(config.attention.scale == 0.25 && config.biases.isEmpty)
        #expect(config.feedForward == FeedForward(.gated(.silu), width: 64))
        #expect(config.head == Head(norm: config.norm, isTied: true))
    }

    /// A GGUF file's metadata of a small Llama.
    private func small() -> GGUFBuilder {
        var builder = GGUFBuilder()
        builder.add("general.architecture", "llama")
        for (key, value) in [
            ("embedding_length", 8), ("feed_forward_length", 12), ("block_count", 2), ("context_length", 64),
            ("vocab_size", 16), ("attention.head_count", 2),
        ] { builder.add("llama.\(key)", UInt32(value)) }
        builder.add("llama.attention.layer_norm_rms_epsilon", Float(1e-6))
        return builder
    }

    private func config(_ builder: GGUFBuilder) throws -> Architecture {
        let folder = try TemporaryFolder()
        return try Checkpoint(folder.write("x.gguf", builder.data())).architecture
    }

    @Test func ggufDefaultsScalingAndWindowAreRead() throws {
        let plain = try config(small())
        #expect(plain.attention.keyValueHeadCount == 2 && plain.attention.headSize == 4)
        #expect(plain.attention.rotary.theta == 10_000)
        #expect(plain.attention.rotary.scaling == .none && plain.norm.epsilon == 1e-6)
        var linear = small()
        linear.add("llama.rope.scaling.type", "linear")
        linear.add("llama.rope.scaling.factor", Float(4))
        linear.add("llama.attention.sliding_window", UInt32(20))
        #expect(try config(linear).attention.rotary.scaling == .linear(factor: 4))
        #expect(try config(linear).attention.windows == [20, 20])
        var factors = small()
        factors.addTensor("rope_freqs.weight", [2], bytes: 0)
        factors.content.append(GGUFBuilder.number(Float(1).bitPattern) + GGUFBuilder.number(Float(8).bitPattern))
        #expect(try config(factors).attention.rotary.scaling == .frequencyFactors([1, 8]))
    }

    @Test func ggufVariantsThatAreNotComputedAreRefusedByName() throws {
        func refusal(_ change: (inout GGUFBuilder) -> Void) throws -> InputError {
            var builder = small()
            change(&builder)
            return try inputError { try config(builder) }
        }
        let experts = try refusal { $0.add("llama.expert_count", UInt32(8)) }
        #expect(experts.place.hasSuffix("x.gguf: llama.expert_count") && experts.found == "8")
        let yarn = try refusal { $0.add("llama.rope.scaling.type", "yarn") }
        #expect(yarn.place.hasSuffix(": llama.rope.scaling.type") && yarn.found == "\"yarn\"")
        let unknown = try refusal { $0.add("llama.attention.clamp_kqv", Float(8)) }
        #expect(unknown.place.hasSuffix(": llama.attention.clamp_kqv") && unknown.expected == "no such key")
        let partial = try refusal { $0.add("llama.rope.dimension_count", UInt32(2)) }
        #expect(partial.expected == "the head size 4" && partial.found == "2")
        let causal = try refusal { $0.add("llama.attention.causal", false) }
        #expect(causal.place.hasSuffix(": llama.attention.causal") && causal.found == "false")
        let split = try refusal { $0.add("split.count", UInt32(3)) }
        #expect(split.place.hasSuffix(": split.count") && split.found == "3")
        let factors = try refusal { $0.addTensor("rope_freqs.weight", [3], bytes: 12) }
        #expect(factors.expected == "shape [2]" && factors.found == "shape [3]")
        let bias = try refusal { $0.addTensor("blk.0.attn_q.bias", [8], bytes: 32) }
        #expect(bias.place.hasSuffix(": blk.0.attn_q.bias"))
        #expect(bias.expected == "a tensor of a llama model of 2 layers")
    }

    @Test func unknownGGUFArchitecturesAreRefused() throws {
        var builder = GGUFBuilder()
        builder.add("general.architecture", "qwen2")
        let error = try inputError { try config(builder) }
        #expect(error.place.hasSuffix("x.gguf: general.architecture"))
        #expect(error.expected == "the supported architecture \"llama\"" && error.found == "\"qwen2\"")
    }
}
