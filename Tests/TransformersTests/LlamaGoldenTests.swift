import Compute
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Transformers

/// Every hidden state of tiny random models against transformers (scripts/goldens/models.py).
@Suite struct LlamaGoldenTests {
    /// Differences come from the order of float32 sums: a few units in the last place per block. The largest seen is
    /// below 2e-6 of the row's norm; a wrong rotation, mask or scale gives more than 1e-2.
    static let tolerance = 1e-5

    static let goldens = Bundle.module.resourceURL.map { $0.appendingPathComponent("Goldens").path } ?? "Goldens"

    @Test(arguments: ["llama-grouped", "llama3-scaled", "llama-linear-rope", "mistral-window"])
    func hiddenStatesEqualTransformers(name: String) throws {
        let states = try SafetensorsFile("\(Self.goldens)/states.safetensors")
        let sequences = try JSONDecoder().decode(
            [[UInt32]].self, from: Data(contentsOf: URL(fileURLWithPath: "\(Self.goldens)/sequences.json")))
        let checkpoint = try Checkpoint("\(Self.goldens)/\(name)")
        let adapterPath = "\(Self.goldens)/\(name)/adapter"
        let adapters =
            FileManager.default.fileExists(atPath: adapterPath)
            ? [try LoRAAdapter(adapterPath, for: checkpoint.architecture)] : []
        let depth = checkpoint.architecture.layerCount
        let packed = PackedSequences(sequences)
        var largest = LargestDifference()
        var compared = 0
        for threads in [1, 3] {
            let model = try CPUBackend(checkpoint, adapters: adapters, depth: depth, threads: Threads(threads))
            try model.run(ForwardRequest(packed, taps: streams(0...depth)), afterLayer: {}) { stream in
                for variant in stream.variants {
                    for index in 0..<packed.count {
                        let key = "\(name)/\(variant == 0 ? "base" : "adapter")/\(index)/\(stream.tap.layersNeeded)"
                        let expected = try #require(states.tensors[key]).floats()
                        let found = stream.tokens(of: index, in: packed)
                        largest.add(found, expected, relativeTo: .rows(width: stream.width), at: key)
                        compared += 1
                    }
                }
            }
        }
        print("\(name): \(compared) states, largest difference relative to the row norm \(largest)")
        #expect(compared == 2 * (1 + adapters.count) * packed.count * (depth + 1))
        #expect(largest.value < Self.tolerance)
    }

    @Test func resultsDoNotDependOnThreadsOrOnOtherVariants() throws {
        let checkpoint = try Checkpoint("\(Self.goldens)/llama-grouped")
        let adapter = try LoRAAdapter("\(Self.goldens)/llama-grouped/adapter", for: checkpoint.architecture)
        // Longer than a block of rows, so that several pieces run at once.
        let sequences = PackedSequences((0..<24).map { length in (0..<40).map { UInt32(($0 * 7 + length) % 61) } })
        func outputs(_ adapters: [LoRAAdapter], threads: Int) throws -> [[Float]] {
            let model = try CPUBackend(checkpoint, adapters: adapters, depth: 3, threads: Threads(threads))
            var results = Array(repeating: [Float](), count: adapters.count + 1)
            try model.run(ForwardRequest(sequences, taps: streams(3...3)), afterLayer: {}) { stream in
                for variant in stream.variants { results[variant] = Array(stream.rows) }
            }
            return results
        }
        let one = try outputs([adapter], threads: 1)
        #expect(try outputs([adapter], threads: 4) == one)
        #expect(try outputs([], threads: 2)[0] == one[0])
        #expect(try outputs([adapter, adapter], threads: 1) == [one[0], one[1], one[1]])
        #expect(one[0] != one[1])
    }

    @Test func aTokenOutsideTheVocabularyIsRefused() throws {
        let checkpoint = try Checkpoint("\(Self.goldens)/llama-grouped")
        let model = try CPUBackend(checkpoint, adapters: [], depth: 1, threads: Threads(1))
        #expect(throws: (any Error).self) {
            try model.run(
                ForwardRequest(PackedSequences([[3, 61]]), taps: streams(1...1)), afterLayer: {}, visit: { _ in })
        }
    }

    @Test func aHookAboveTheModelIsRefused() throws {
        let checkpoint = try Checkpoint("\(Self.goldens)/llama-grouped")
        #expect(throws: (any Error).self) {
            try CPUBackend(checkpoint, adapters: [], depth: 4, threads: Threads(1))
        }
    }
}

/// The residual streams after so many layers.
func streams(_ depths: ClosedRange<Int>) -> Set<Tap> {
    Set(depths.map { $0 == 0 ? Tap(.residPre, layer: 0) : Tap(.residPost, layer: $0 - 1) })
}
