import Compute
import Dictionaries
import Prompts
import Testing
import Transformers
@testable import Evaluation
@testable import Latents

/// Sums by prompt, latent and mask against the definition.
@Suite struct LatentAccumulatorTests {
    @Test(arguments: [1, 4])
    func sumsFollowTheDefinition(threads: Int) throws {
        let latents = 40
        let prompts = (0..<9).map { prompt in
            let masks = (0...prompt).map { UInt8(($0 * 5 + prompt) % 4) }
            return PromptTokens(index: prompt, ids: masks.map { _ in 1 }, masks: masks)
        }
        let masked = MaskedRows(prompts, in: PackedSequences(separate: prompts.map(\.ids)))
        // Token by token, what fired; tokens without any mask are not encoded.
        let encoded = prompts.flatMap(\.masks).enumerated().filter { $0.element != 0 }.map { token, _ in
            stride(from: token % 3, to: latents, by: 4 + token % 5).map { (UInt32($0), Float($0 + token) / 3) }
        }
        let sums = LatentAccumulator(latentCount: latents, maskCount: 2)
            .sums(Activations(rows: encoded), masked: masked, threads: Threads(threads))
        #expect(sums.count == 2)
        for mask in 0..<2 {
            #expect(sums[mask].rowCount == prompts.count)
            var row = 0
            for (index, prompt) in prompts.enumerated() {
                var expected: [UInt32: (sum: Double, active: UInt32)] = [:]
                for bits in prompt.masks where bits != 0 {
                    if bits >> mask & 1 == 1 {
                        for (latent, value) in encoded[row] {
                            let held = expected[latent] ?? (0, 0)
                            expected[latent] = (held.sum + Double(value), held.active + 1)
                        }
                    }
                    row += 1
                }
                let entries = sums[mask].rowStarts[index]..<sums[mask].rowStarts[index + 1]
                #expect(entries.map { sums[mask].latents[$0] } == expected.keys.sorted())
                for entry in entries {
                    let wanted = try #require(expected[sums[mask].latents[entry]])
                    #expect(sums[mask].sums[entry] == wanted.sum)
                    #expect(sums[mask].active[entry] == wanted.active)
                }
            }
        }
    }
}
