import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// What the program says to inputs that cannot be right, and that it leaves nothing behind.
    @Suite struct BadInput {
        /// A job with something wrong in it.
        struct Case: Sendable, CustomTestStringConvertible {
            var testDescription: String
            /// Exit status, and texts that standard error must have; FOLDER stands for the test's folder.
            var status: Int32
            var says: [String]
            var spoil: @Sendable (Workplace, inout TinyJob) throws -> Void

            init(
                _ name: String, _ status: Int32, _ says: String...,
                spoil: @escaping @Sendable (Workplace, inout TinyJob) throws -> Void
            ) {
                (testDescription, self.status, self.says, self.spoil) = (name, status, says, spoil)
            }
        }

        @Test("a job with bad input ends with its exit status, a text and nothing left behind", arguments: cases)
        func badJob(bad: Case) throws {
            let place = try Workplace()
            var job = TinyJob()
            try bad.spoil(place, &job)
            let file = try place.write(job.yaml, to: "job.yaml")
            let before = try place.contents
            let end = try place.actdiff("run", file, "--out", "out", "--workers", "2")
            #expect(end.status == bad.status, "\(end.errors)")
            for text in bad.says {
                let text = text.replacing("FOLDER", with: place.path)
                #expect(end.errors.contains(text), "\(text) is not in: \(end.errors)")
            }
            #expect(end.output == "")
            #expect(try place.contents == before, "nothing is left behind")
        }

        static let cases = prompts + specs + missing + weights + fits

        private static let prompts = [
            Case("malformed JSONL line", 65, "FOLDER/prompts.jsonl:2: expected ", "found ") { place, job in
                job.prompts = try place.write(
                    "{\"id\": \"a\", \"text\": \"b\"}\n{\"id\": \"c\",\n", to: "prompts.jsonl")
            },
            Case(
                "duplicate prompt id", 65,
                "FOLDER/prompts.jsonl:3: expected an id that no other prompt has, found 'a', which line 1 has"
            ) {
                place, job in
                let lines = ["a", "b", "a"].map { "{\"id\": \"\($0)\", \"text\": \"some text\"}\n" }
                job.prompts = try place.write(lines.joined(), to: "prompts.jsonl")
            },
            Case(
                "prompt past the context", 65,
                "FOLDER/prompts.jsonl:1: prompt a: expected at most 256 tokens, the model's context, found 300 tokens"
            ) { place, job in
                let text = String(repeating: "word ", count: 60)
                job.prompts = try place.write("{\"id\": \"a\", \"text\": \"\(text)\"}\n", to: "prompts.jsonl")
            },
            Case("empty prompt", 65, "FOLDER/prompts.jsonl:1", "expected text, found nothing") { place, job in
                job.prompts = try place.write("{\"id\": \"a\", \"text\": \"\"}\n", to: "prompts.jsonl")
            },
        ]

        private static let specs = [
            Case("unknown key", 65, "job.yaml", "sharks", "expected one of ", "shard_tokens") { _, job in
                job.more = "sharks: 3"
            },
            // The SAE is for layer 2, which is not what is wrong first.
            Case("layer above the model", 65, "hook resid_post.4: expected a layer below 4", "found 4") { place, job in
                job.hook = "{layer: 4, sae: \(try place.copy("sae"))}"
            },
        ]

        private static let missing = [
            Case("missing base", 65, "job.yaml: base: expected a file or folder at FOLDER/nowhere, found nothing") {
                place, job in
                job.base = place.path + "/nowhere"
            },
            Case(
                "missing prompts", 65, "job.yaml: prompts.path: expected a file", "FOLDER/nowhere.jsonl, found nothing"
            ) {
                place, job in
                job.prompts = place.path + "/nowhere.jsonl"
            },
            Case(
                "missing adapter", 65, "job.yaml: tuned 'a': expected a file or folder at FOLDER/nowhere, found nothing"
            ) { place, job in
                job.tuned = ["{name: a, adapter: \(place.path)/nowhere}"]
            },
            Case(
                "missing SAE", 65, "job.yaml: sae of hook resid_post.2: expected a file",
                "FOLDER/nowhere, found nothing"
            ) {
                place, job in
                job.hook = "{layer: 2, sae: \(place.path)/nowhere}"
            },
            Case("base without a tokenizer", 65, "FOLDER/base/tokenizer.json: expected a tokenizer.json") {
                place, job in
                job.base = try place.copy("base")
                try FileManager.default.removeItem(atPath: job.base + "/tokenizer.json")
            },
        ]

        private static let weights = [
            Case("truncated safetensors", 65, "FOLDER/base/model.safetensors", "expected ", "cut off") { place, job in
                job.base = try place.copy("base")
                try change(job.base + "/model.safetensors") { $0.removeLast($0.count / 2) }
            },
            Case(
                "header longer than the file", 65,
                "FOLDER/base/model.safetensors: expected a header of 1000000 bytes as stated, found "
            ) { place, job in
                job.base = try place.copy("base")
                try change(job.base + "/model.safetensors") {
                    $0.replaceSubrange(0..<8, with: withUnsafeBytes(of: UInt64(1_000_000)) { Data($0) })
                }
            },
            Case(
                "missing tensor", 65,
                "FOLDER/base: model.layers.1.mlp.up_proj.weight: expected a tensor of shape [64, 32]",
                "found no such tensor"
            ) { place, job in
                job.base = try place.copy("base")
                try changeTensors(job.base + "/model.safetensors") { $0["model.layers.1.mlp.up_proj.weight"] = nil }
            },
            Case(
                "tensor of a wrong shape", 65, "model.layers.2.self_attn.o_proj.weight: expected shape [32, 32]",
                "found shape [16, 64]"
            ) { place, job in
                job.base = try place.copy("base")
                try changeTensors(job.base + "/model.safetensors") {
                    $0["model.layers.2.self_attn.o_proj.weight"]?.shape = [16, 64]
                }
            },
            Case(
                "tensor of a wrong dtype", 65, "model.layers.0.mlp.gate_proj.weight: expected ", "found I16"
            ) { place, job in
                job.base = try place.copy("base")
                try changeTensors(job.base + "/model.safetensors") {
                    $0["model.layers.0.mlp.gate_proj.weight"]?.type = "I16"
                }
            },
            Case(
                "SAE without its encoder", 65, "FOLDER/sae/sae_weights.safetensors: W_enc: expected a tensor [32, 64]",
                "found no such tensor among W_dec, b_dec, b_enc"
            ) { place, job in
                job.hook = "{layer: 2, sae: \(try place.copy("sae"))}"
                try changeTensors(place.path + "/sae/sae_weights.safetensors") { $0["W_enc"] = nil }
            },
        ]

        private static let fits = [
            Case(
                "adapter for another model, by width", 65, "FOLDER/adapter/adapter_model.safetensors", "lora_A.weight",
                "expected shape [2, 32], found shape [2, 16]"
            ) { place, job in
                job.tuned = ["{name: a, adapter: \(try place.copy("adapter"))}"]
                try changeTensors(place.path + "/adapter/adapter_model.safetensors") { tensors in
                    for (name, tensor) in tensors where name.hasSuffix("q_proj.lora_A.weight") {
                        tensors[name] = .init([Float](repeating: 0, count: tensor.shape[0] * 16), shape: [2, 16])
                    }
                }
            },
            Case(
                "adapter for another model, by depth", 65, "model.layers.9.self_attn.q_proj",
                "expected only linear layers of the model, which has 4 layers",
                "the adapter was trained on another model"
            ) { place, job in
                job.tuned = ["{name: a, adapter: \(try place.copy("adapter"))}"]
                try changeTensors(place.path + "/adapter/adapter_model.safetensors") { tensors in
                    for (name, tensor) in tensors where name.contains("layers.2.self_attn.q_proj") {
                        tensors[name] = nil
                        tensors[name.replacing("layers.2", with: "layers.9")] = tensor
                    }
                }
            },
            Case("tuned checkpoint of another model", 78, "FOLDER/tuned", "found 5") { place, job in
                job.tuned = ["{name: a, checkpoint: \(try place.copy("tuned"))}"]
                try edit(place.path + "/tuned/config.json", "\"num_hidden_layers\": 4", "\"num_hidden_layers\": 5")
            },
            Case(
                "unknown architecture", 65, "FOLDER/base/config.json: ", "expected ", "found ", "gpt_neox"
            ) { place, job in
                job.base = try place.copy("base")
                try edit(job.base + "/config.json", "\"model_type\": \"llama\"", "\"model_type\": \"gpt_neox\"")
            },
            Case(
                "SAE with another d_in", 78, "FOLDER/sae/cfg.json: d_in: expected the model's hidden size 32, found 48"
            ) { place, job in
                job.hook = "{layer: 2, sae: \(try place.copy("sae"))}"
                try edit(place.path + "/sae/cfg.json", "\"d_in\": 32", "\"d_in\": 48")
            },
            Case(
                "SAE trained at another hook", 78, "FOLDER",
                "sae/cfg.json: hook_name: expected blocks.1.hook_resid_post",
                "found blocks.2.hook_resid_post"
            ) { place, job in
                job.hook = "{layer: 1, sae: \(try place.copy("sae"))}"
            },
            Case(
                "SAE of an unknown kind", 65, "FOLDER/sae/cfg.json: architecture: expected one of standard, topk",
                "found \"transcoder\""
            ) { place, job in
                job.hook = "{layer: 2, sae: \(try place.copy("sae"))}"
                try edit(place.path + "/sae/cfg.json", "\"topk\"", "\"transcoder\"")
            },
        ]

        private static func change(_ path: String, _ change: (inout Data) -> Void) throws {
            var data = try Data(contentsOf: URL(fileURLWithPath: path))
            change(&data)
            try data.write(to: URL(fileURLWithPath: path))
        }

        private static func changeTensors(
            _ path: String, _ change: (inout [String: TensorFile.Tensor]) -> Void
        ) throws {
            var file = try TensorFile(path)
            change(&file.tensors)
            try file.write(to: path)
        }

        private static func edit(_ path: String, _ old: String, _ new: String) throws {
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(old))
            try Data(text.replacing(old, with: new).utf8).write(to: URL(fileURLWithPath: path))
        }
    }
}
