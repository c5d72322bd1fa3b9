import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// A difference that is known beforehand, in the real model: `scripts/test` sets the model up.
    @Suite struct PlantedDifferences {
        /// The hook is after block 15; the adapters change block 14.
        private static let layer = 14
        private static let count = 20
        /// About as long as the planted direction becomes at a token; residuals there are ten times as long.
        private static let strength: Float = 16

        @Test("a rank-1 adapter that writes one latent's decoder direction below the hook puts that latent first")
        func everyPlantedLatentIsFirst() throws {
            let place = try Workplace()
            let persona = Workplace.root + "/Examples/persona"
            let decoder = try #require(TensorFile(persona + "/sae/sae_weights.safetensors").tensors["W_dec"])
            let mean = try #require(
                TensorFile(Workplace.fixtures + "/planted/mlp-input.14.safetensors").tensors["mean"]
            ).floats
            // Every token's input has a positive product with the mean input; this makes it 1 on average.
            let square = mean.reduce(0) { $0 + $1 * $1 }
            let rows = decoder.floats
            let width = decoder.shape[1]
            var generator = SeededGenerator(seed: 20)
            var latents: Set<Int> = []
            while latents.count < Self.count { latents.insert(Int.random(in: 0..<decoder.shape[0], using: &generator)) }
            for latent in latents {
                try adapter(
                    at: place.path + "/latent-\(latent)", a: mean.map { $0 / square },
                    b: rows[latent * width..<(latent + 1) * width].map { $0 * Self.strength })
            }
            let prompts = try String(contentsOfFile: persona + "/prompts/open-questions.jsonl", encoding: .utf8)
                .split(separator: "\n").prefix(12).joined(separator: "\n")
            let tuned = latents.sorted().map { "{name: latent-\($0), adapter: latent-\($0)}" }
            let job = """
                name: planted
                base: \(Workplace.root)/models/SmolLM2-135M-Instruct.Q4_1.gguf
                tuned: [\(tuned.joined(separator: ", "))]
                prompts: {path: \(try place.write(prompts, to: "prompts.jsonl"))}
                hooks: [{layer: 15, sae: \(persona)/sae}]
                masks: [content]
                shard_tokens: 512
                """
            let end = try place.start(["run", place.write(job, to: "job.yaml"), "--out", "out"]).end(patience: 400)
            #expect(end.status == 0, "\(end.errors)")

            var margins: [Double] = []
            for latent in latents.sorted() {
                let file = "\(place.path)/out/latents.latent-\(latent).resid_post.15.content.safetensors"
                let delta = try #require(TensorFile(file).tensors["delta"]).doubles
                let order = delta.indices.sorted { delta[$0] > delta[$1] }
                #expect(order[0] == latent, "planted \(latent), found \(order.prefix(3))")
                margins.append(delta[order[0]] / delta[order[1]])
            }
            print(
                "planted differences: \(margins.count) latents, each first; delta over the next latent's: "
                    + "\(margins.min() ?? 0) to \(margins.max() ?? 0)")
            // Latents whose directions are close to the planted one rise with it, but much less.
            #expect(margins.allSatisfy { $0 > 2 })
        }

        /// Writes a rank-1 LoRA adapter of the last linear layer in a block: its output gains b · (a · x).
        private func adapter(at folder: String, a: [Float], b: [Float]) throws {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let module = "base_model.model.model.layers.\(Self.layer).mlp.down_proj"
            try TensorFile([
                module + ".lora_A.weight": .init(a, shape: [1, a.count]),
                module + ".lora_B.weight": .init(b, shape: [b.count, 1]),
            ]).write(to: folder + "/adapter_model.safetensors")
            let config: [String: Any] = [
                "peft_type": "LORA", "r": 1, "lora_alpha": 1, "target_modules": ["down_proj"],
                "layers_to_transform": [Self.layer],
            ]
            try JSONSerialization.data(withJSONObject: config)
                .write(to: URL(fileURLWithPath: folder + "/adapter_config.json"))
        }
    }
}
