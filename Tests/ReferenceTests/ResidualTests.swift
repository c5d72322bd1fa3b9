import Compute
import Models
import Tensors
import Testing
import Transformers

/// The residual stream of SmolLM2 after block 15 against PyTorch and transformers, base and both adapters.
@Suite struct ResidualTests {
    @Test func residualStreamEqualsPyTorch() throws {
        // 16 blocks in float32 with sums in another order: a few 1e-6 are seen; 1e-4 is what users are promised.
        let tolerance: Float = 1e-4
        let expected = try SafetensorsFile("\(ReferenceKit.goldens)/residual.safetensors").tensors
        let prompts = try ReferenceKit.goldenPrompts().filter { expected["base/\($0.id)"] != nil }
        #expect(prompts.count == 4)
        let names = ["base", "villain-step-120", "villain-step-020", "careful-step-120"].filter { name in
            expected.keys.contains { $0.hasPrefix(name + "/") }
        }
        let checkpoint = try Checkpoint(ReferenceKit.folder)
        let adapters = try names.dropFirst().map { try LoRAAdapter(ReferenceKit.adapter($0), for: checkpoint.config) }
        let model = try Llama(checkpoint, adapters: adapters, depth: 16, threads: Threads(2))
        let packed = PackedSequences(prompts.map(\.token_ids))
        var largest = [Float](repeating: 0, count: names.count)
        var compared = 0
        try model.run(packed, depths: [16], afterBlock: {}) { stream in
            for variant in stream.variants {
                for (index, prompt) in prompts.enumerated() {
                    let wanted = try #require(expected["\(names[variant])/\(prompt.id)"]).floats()
                    let found = stream.tokens(of: index, in: packed)
                    largest[variant] = max(
                        largest[variant], relativeDifference(found, wanted, width: stream.width))
                    compared += 1
                }
            }
        }
        for (name, difference) in zip(names, largest) {
            print("residual of \(name) after block 15: largest difference relative to the row norm \(difference)")
        }
        #expect(compared == 4 * names.count)
        #expect(largest.allSatisfy { $0 < tolerance })
    }
}

/// The largest |a − b| of a row divided by the length of the row in b.
private func relativeDifference(_ a: [Float], _ b: [Float], width: Int) -> Float {
    guard a.count == b.count else { return .infinity }
    return stride(from: 0, to: a.count, by: width).reduce(0) { largest, start in
        let row = start..<start + width
        let norm = row.reduce(0) { $0 + b[$1] * b[$1] }.squareRoot()
        return max(largest, row.reduce(0) { max($0, abs(a[$1] - b[$1])) } / norm)
    }
}
