import Compute
import Models
import Tensors
import TestSupport
import Testing
import Transformers

/// The residual stream of SmolLM2 after block 15 against PyTorch and transformers, base and both adapters.
@Suite struct ResidualTests {
    @Test func residualStreamEqualsPyTorch() throws {
        // 16 blocks in float32 with sums in another order: a few 1e-6 are seen; 1e-4 is what users are promised.
        let tolerance = 1e-4
        let expected = try SafetensorsFile("\(ReferenceKit.goldens)/residual.safetensors").tensors
        let prompts = try ReferenceKit.goldenPrompts().filter { expected["base/\($0.id)"] != nil }
        #expect(prompts.count == 4)
        let names = ["base", "villain-step-120", "villain-step-020", "careful-step-120"].filter { name in
            expected.keys.contains { $0.hasPrefix(name + "/") }
        }
        let checkpoint = try Checkpoint(ReferenceKit.folder)
        let adapters = try names.dropFirst().map {
            try LoRAAdapter(ReferenceKit.adapter($0), for: checkpoint.architecture)
        }
        let model = try CPUBackend(checkpoint, adapters: adapters, depth: 16, threads: Threads(2))
        let packed = PackedSequences(prompts.map(\.token_ids))
        var largest = names.map { _ in LargestDifference() }
        var compared = 0
        let request = ForwardRequest(packed, taps: [Tap(.residPost, layer: 15)])
        try model.run(request, afterLayer: {}) { stream in
            for variant in stream.variants {
                for (index, prompt) in prompts.enumerated() {
                    let wanted = try #require(expected["\(names[variant])/\(prompt.id)"]).floats()
                    let found = stream.tokens(of: index, in: packed)
                    largest[variant].add(found, wanted, relativeTo: .rows(width: stream.width), at: prompt.id)
                    compared += 1
                }
            }
        }
        for (name, difference) in zip(names, largest) {
            print("residual of \(name) after block 15: largest difference relative to the row norm \(difference)")
        }
        #expect(compared == 4 * names.count)
        #expect(largest.allSatisfy { $0.value < tolerance })
    }
}
