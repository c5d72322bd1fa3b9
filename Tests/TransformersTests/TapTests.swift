import Compute
import Foundation
import Models
import Tensors
import TestSupport
import Testing
import Transformers

/// The five sites of a layer, for a family of the house and for one that only the tests know.
@Suite struct TapTests {
    private static let everyTap = Set(Site.allCases.flatMap { site in (0..<3).map { Tap(site, layer: $0) } })

    private static func backend(_ name: String, threads: Int, adapters: Int = 1) throws -> CPUBackend {
        let folder = "\(LlamaGoldenTests.goldens)/\(name)"
        let checkpoint = try Checkpoint(folder, families: .withBiased)
        let adapter = try LoRAAdapter("\(folder)/adapter", for: checkpoint.architecture)
        return try CPUBackend(
            checkpoint, adapters: Array(repeating: adapter, count: adapters), depth: 3, threads: Threads(threads))
    }

    /// Differences come from float32 sums and angles; a missing bias, another scale, window or place gives more than 1e-2.
    @Test(arguments: ["biased", "llama-grouped"])
    func everySiteEqualsTheFormulas(name: String) throws {
        let goldens = try SafetensorsFile("\(LlamaGoldenTests.goldens)/sites.safetensors").tensors
        let sequences = try (0..<2).map { index in
            try #require(goldens["\(name)/\(index)/ids"]).floats().map { UInt32($0) }
        }
        let packed = PackedSequences(sequences)
        for threads in [1, 3] {
            var largest = LargestDifference()
            var compared = 0
            try Self.backend(name, threads: threads).run(
                ForwardRequest(packed, taps: Self.everyTap), afterLayer: {}
            ) { rows in
                for variant in rows.variants {
                    for index in sequences.indices {
                        let key = "\(name)/\(variant == 0 ? "base" : "adapter")/\(index)/\(rows.tap)"
                        largest.add(
                            rows.tokens(of: index, in: packed), try #require(goldens[key]).floats(),
                            relativeTo: .rows(width: rows.width), at: key)
                        compared += 1
                    }
                }
            }
            print("\(name): \(compared) sites, largest difference relative to the row norm \(largest)")
            #expect(compared == 2 * 2 * 15)
            #expect(largest.value < LlamaGoldenTests.tolerance)
        }
    }

    /// What a tap sees in one run, by variant, in bits; and whether variants still share it.
    private static func seen(
        _ backend: CPUBackend, _ taps: Set<Tap>, _ sequences: PackedSequences
    ) throws -> [Tap: [Int: [UInt32]]] {
        var seen: [Tap: [Int: [UInt32]]] = [:]
        try backend.run(ForwardRequest(sequences, taps: taps), afterLayer: {}) { rows in
            for variant in rows.variants {
                #expect(seen[rows.tap]?[variant] == nil, "\(rows.tap) is visited once for each variant")
                seen[rows.tap, default: [:]][variant] = rows.rows.map(\.bitPattern)
            }
        }
        return seen
    }

    /// More rows than a chunk has, so that several pieces run at once.
    private static let sequences = PackedSequences(
        (0..<20).map { length in (0..<40).map { UInt32(($0 * 7 + length) % 37) } })

    @Test("no tap changes a bit of another one", arguments: ["biased", "llama-grouped", "llama3-scaled"])
    func tapsAreSilent(name: String) throws {
        for threads in [1, 3] {
            let backend = try Self.backend(name, threads: threads)
            let all = try Self.seen(backend, Self.everyTap, Self.sequences)
            #expect(all.count == 15 && all.values.allSatisfy { $0.count == 2 })
            for tap in Self.everyTap {
                #expect(try Self.seen(backend, [tap], Self.sequences) == [tap: try #require(all[tap])], "\(tap)")
            }
            // The stream that leaves a layer is the one that enters the next.
            for layer in 0..<2 {
                #expect(all[Tap(.residPost, layer: layer)] == all[Tap(.residPre, layer: layer + 1)])
            }
        }
    }

    @Test("variants share every site below the first layer that differs")
    func sharing() throws {
        // The adapter touches layers 1 and 2.
        let backend = try Self.backend("llama3-scaled", threads: 2, adapters: 2)
        var layers = 0
        try backend.run(ForwardRequest(Self.sequences, taps: Self.everyTap), afterLayer: { layers += 1 }) { rows in
            let isShared = rows.tap.layer == 0 || rows.tap == Tap(.residPre, layer: 1)
            #expect(isShared ? rows.variants == [0, 1, 2] : rows.variants.count == 1, "\(rows.tap)")
        }
        #expect(layers == 1 + 3 + 3)
    }

    @Test("layers above the deepest tap are not computed")
    func depth() throws {
        let backend = try Self.backend("biased", threads: 1)
        for (tap, expected) in [
            (Tap(.residPre, layer: 0), 0), (Tap(.attnOut, layer: 0), 1), (Tap(.residPre, layer: 1), 1),
            (Tap(.mlpOut, layer: 1), 1 + 2),
        ] {
            var layers = 0
            try backend.run(ForwardRequest(Self.sequences, taps: [tap]), afterLayer: { layers += 1 }, visit: { _ in })
            #expect(layers == expected, "\(tap)")
        }
    }

    @Test("rows of their own count in the memory of a token")
    func memory() throws {
        let backend = try Self.backend("biased", threads: 1)
        let row = backend.architecture.hiddenSize * MemoryLayout<Float>.stride
        func perToken(_ taps: Set<Tap>) -> Int { backend.memory(for: taps).perToken }
        let plain = perToken([Tap(.residPost, layer: 2), Tap(.residPre, layer: 0)])
        #expect(perToken([Tap(.residPost, layer: 2), Tap(.mlpOut, layer: 0)]) == plain + row)
        #expect(perToken([Tap(.attnOut, layer: 2), Tap(.mlpOut, layer: 0)]) == plain + row)
        #expect(perToken(Self.everyTap) == plain + 3 * row)
    }

    /// Sizes that no tensor confirms: a head of 2^24 floats would ask for more scratch than any machine has.
    @Test("without layers nothing of a layer's memory is counted")
    func noLayers() throws {
        let models = try TemporaryModels()
        defer { withExtendedLifetime(models) {} }
        let folder = try models.copy(
            "\(LlamaGoldenTests.goldens)/llama-grouped", config: ("\"head_dim\": 8", "\"head_dim\": 16777216"))
        let backend = try CPUBackend(Checkpoint(folder), adapters: [], depth: 0, threads: Threads(2))
        let memory = backend.memory(for: [Tap(.residPre, layer: 0)])
        #expect(memory.scratch == 0 && memory.perTokenOfLongest == 0 && memory.weights == 0)
        #expect(memory.perToken == 48 * 4 + 64)
        var rows = 0
        let request = ForwardRequest(PackedSequences([[1, 2, 3]]), taps: [Tap(.residPre, layer: 0)])
        try backend.run(request, afterLayer: {}) { rows += $0.rows.count / $0.width }
        #expect(rows == 3)
    }
}
