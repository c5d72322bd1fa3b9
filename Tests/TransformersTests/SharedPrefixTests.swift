import Compute
import Foundation
import Models
import TestSupport
import Testing
import Transformers

/// Sequences that share beginnings have, bit for bit, the streams that each has alone.
@Suite struct SharedPrefixTests {
    private static func tokens(_ count: Int, seed: UInt64) -> [UInt32] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt32.random(in: 0..<61, using: &generator) }
    }

    /// Branches at and around multiples of 256, where blocks of keys end, nested, the same twice, one another's beginning.
    private static let sequences: [[UInt32]] = {
        let trunk = tokens(540, seed: 1)
        var sequences: [[UInt32]] = [3, 37, 255, 256, 257, 300, 511, 513].enumerated().map { index, length in
            trunk.prefix(length) + tokens(5 + 20 * index, seed: UInt64(index + 2))
        }
        sequences += [trunk, Array(trunk.prefix(280)), trunk, tokens(50, seed: 20), [trunk[0]]]
        sequences.append(sequences[4].prefix(265) + tokens(9, seed: 21))
        return sequences
    }()

    /// The streams of all sequences: by depth, variant and sequence.
    private static func allStreams(
        _ packed: PackedSequences, _ model: CPUBackend, variants: Int
    ) throws -> [[[[Float]]]] {
        var streams: [[[[Float]]]] = []
        try model.run(ForwardRequest(packed, taps: TransformersTests.streams(0...3)), afterLayer: {}) { stream in
            let depth = stream.tap.layersNeeded
            if streams.count == depth { streams.append(Array(repeating: [], count: variants)) }
            for variant in stream.variants {
                streams[depth][variant] = (0..<packed.count).map { stream.tokens(of: $0, in: packed) }
            }
        }
        return streams
    }

    @Test(arguments: ["llama-grouped", "llama3-scaled", "llama-linear-rope", "mistral-window"])
    func streamsHaveTheBitsOfSequencesAlone(name: String) throws {
        let folder = "\(LlamaGoldenTests.goldens)/\(name)"
        let checkpoint = try Checkpoint(folder)
        let adapters =
            FileManager.default.fileExists(atPath: "\(folder)/adapter")
            ? [try LoRAAdapter("\(folder)/adapter", for: checkpoint.architecture)] : []
        let packed = PackedSequences(Self.sequences)
        #expect(packed.ids.count < Self.sequences.joined().count / 2)
        for threads in [1, 3] {
            let model = try CPUBackend(checkpoint, adapters: adapters, depth: 3, threads: Threads(threads))
            let shared = try Self.allStreams(packed, model, variants: 1 + adapters.count)
            let separate = try Self.allStreams(
                PackedSequences(separate: Self.sequences), model, variants: 1 + adapters.count)
            #expect(shared.count == 4 && shared == separate, "\(threads) threads")
            for (index, sequence) in Self.sequences.enumerated() {
                let alone = try Self.allStreams(PackedSequences([sequence]), model, variants: 1 + adapters.count)
                for depth in 0...3 {
                    for variant in 0...adapters.count {
                        let bits = [shared[depth][variant][index], alone[depth][variant][0]].map {
                            $0.map(\.bitPattern)
                        }
                        #expect(bits[0] == bits[1], "sequence \(index), depth \(depth), variant \(variant)")
                        #expect(bits[0].count == sequence.count * checkpoint.architecture.hiddenSize)
                    }
                }
            }
        }
    }
}
