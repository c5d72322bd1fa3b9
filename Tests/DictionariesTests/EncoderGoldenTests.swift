import Compute
import Dictionaries
import Foundation
import Inputs
import Tensors
import TestSupport
import Testing

/// Encodings of tiny SAEs against SAELens itself (scripts/goldens/dictionaries.py).
@Suite struct EncoderGoldenTests {
    /// Float32 products of 24 terms of size about 1: the largest difference seen is below 1e-5. No golden value lies so
    /// near a threshold or a top-k edge that rounding decides about membership.
    static let tolerance = 5e-5

    static let goldens = Bundle.module.resourceURL.map { $0.appendingPathComponent("Goldens").path } ?? "Goldens"

    @Test(
        arguments: [
            "standard", "standard-constant-norm", "standard-layer-norm", "standard-raw-input", "topk", "topk-rescaled",
            "topk-wide", "jumprelu", "gated",
        ], SparseAutoencoder.Layout.allCases + [nil])
    func activationsEqualSAELens(name: String, layout: SparseAutoencoder.Layout?) throws {
        let source = name == "standard-constant-norm" ? "rows-constant-norm" : "rows"
        let rows = try #require(SafetensorsFile("\(Self.goldens)/\(source).safetensors").tensors["rows"])
        let expected = try #require(SafetensorsFile("\(Self.goldens)/encoded.safetensors").tensors[name])
        // Without a layout the weights stay in the file.
        let description = try DictionaryFormats.all.open("\(Self.goldens)/\(name)")
        let dictionary = try description.encoder(layout: layout, isLoaded: layout != nil, threads: Threads(2))
        #expect(description.format == "SAELens" && description.input.hookName == "blocks.1.hook_resid_post")
        #expect(description.latentCount == dictionary.latentCount)
        let width = dictionary.latentCount
        let found = try dense(dictionary, rows: rows.floats(), count: rows.shape[0])
        let wanted = try expected.floats()
        #expect(wanted.count == found.count)
        var largest = LargestDifference()
        largest.add(found, wanted, at: name)
        let flips = zip(found, wanted).filter { ($0 > 0) != ($1 > 0) }.count
        print(
            "\(name), \(layout.map { "\($0)" } ?? "in file"): largest difference \(largest), \(flips) of \(wanted.count) change side (\(width) latents)"
        )
        #expect(flips == 0)
        #expect(largest.value < Self.tolerance)
    }

    @Test("weights that stay in the file give the same bits, in several parts and for rows of several pieces")
    func streamed() throws {
        let (latents, width, rows) = (9000, 6, 300)
        func numbers(_ count: Int, _ seed: Int) -> [Float] {
            var random = SeededGenerator(seed: UInt64(seed))
            return (0..<count).map { _ in Float.random(in: -1..<1, using: &random) }
        }
        var tensors: [String: ([Int], [Float])] = [
            "W_enc": ([width, latents], numbers(width * latents, 1)), "b_enc": ([latents], numbers(latents, 2)),
            "W_dec": ([latents, width], numbers(width * latents, 3)), "b_dec": ([width], numbers(width, 4)),
        ]
        let x = numbers(rows * width, 5)
        for k in [nil, 40] {
            var config: [String: Any] = ["architecture": "jumprelu", "d_in": width, "d_sae": latents]
            if let k {
                config.merge(["architecture": "topk", "k": k, "rescale_acts_by_decoder_norm": true]) { $1 }
                tensors["threshold"] = nil
            } else {
                tensors["threshold"] = ([latents], numbers(latents, 6).map { 1 + abs($0) })
            }
            let folder = try TemporarySAE(config: config, tensors: tensors)
            let expected = try dense(try opened(folder, layout: .dense), rows: x, count: rows)
            let encoder = Encoder(
                try opened(folder, isLoaded: false), name: "SAE", threads: Threads(2))
            // Twice, and with fewer rows between.
            for selected in [Array(0..<rows), [7, 3, 299], Array(0..<rows)] {
                let found = try x.withUnsafeBufferPointer { try encoder.encode($0, selected: selected) }
                for (row, token) in selected.enumerated() {
                    let entries = found.rowStarts[row]..<found.rowStarts[row + 1]
                    #expect(entries.count == k ?? entries.count && !entries.isEmpty)
                    var values = [Float](repeating: 0, count: latents)
                    for entry in entries { values[Int(found.latents[entry])] = found.values[entry] }
                    #expect(values == Array(expected[token * latents..<(token + 1) * latents]))
                }
            }
        }
    }

    @Test("weights that are not finite are refused when the file is opened")
    func streamedInfinity() throws {
        let folder = try TemporarySAE(
            config: ["architecture": "standard", "d_in": 1, "d_sae": 2],
            tensors: [
                "W_enc": ([1, 2], [1, .infinity]), "W_dec": ([2, 1], [1, 1]), "b_enc": ([2], [0, 0]),
                "b_dec": ([1], [0]),
            ])
        let error = #expect(throws: InputError.self) { try opened(folder, isLoaded: false) }
        #expect(error?.description.contains("W_enc: expected finite numbers") == true)
    }

    @Test func tiesGoToTheLowerLatent() throws {
        let folder = try TemporarySAE(
            config: ["architecture": "topk", "k": 2, "d_in": 1, "d_sae": 5],
            tensors: [
                "W_enc": ([1, 5], [1, 3, 3, 2, 3]), "W_dec": ([5, 1], [1, 1, 1, 1, 1]),
                "b_enc": ([5], [0, 0, 0, 0, 0]),
                "b_dec": ([1], [0]),
            ])
        let dictionary = try opened(folder)
        #expect(try dense(dictionary, rows: [2], count: 1) == [0, 6, 6, 0, 0])
        // Negative pre-activations never count, even where fewer than k are positive.
        #expect(try dense(dictionary, rows: [-2], count: 1) == [0, 0, 0, 0, 0])
    }

    @Test func aPreActivationThatIsNotANumberIsAnError() throws {
        let folder = try TemporarySAE(
            config: ["architecture": "standard", "d_in": 2, "d_sae": 1],
            tensors: [
                "W_enc": ([2, 1], [3e38, -3e38]), "W_dec": ([1, 2], [1, 1]), "b_enc": ([1], [0]),
                "b_dec": ([2], [0, 0]),
            ])
        let dictionary = try opened(folder)
        let error = #expect(throws: InputError.self) { try dense(dictionary, rows: [50, 50], count: 1) }
        #expect(error?.description.hasPrefix("SAE: expected finite activations, found infinities or NaNs") == true)
    }

    @Test func anActivationThatIsNotFiniteIsAnError() throws {
        // The pre-activation is fine, and so is the magnitude; their product is beyond float32.
        let folder = try TemporarySAE(
            config: ["architecture": "gated", "d_in": 1, "d_sae": 1],
            tensors: [
                "W_enc": ([1, 1], [1]), "W_dec": ([1, 1], [1]), "b_dec": ([1], [0]), "b_gate": ([1], [0]),
                "b_mag": ([1], [0]), "r_mag": ([1], [80]),
            ])
        for layout in [SparseAutoencoder.Layout.dense, .bounded] {
            let dictionary = try opened(folder, layout: layout)
            #expect(try dense(dictionary, rows: [1], count: 1).allSatisfy(\.isFinite))
            let error = #expect(throws: InputError.self) { try dense(dictionary, rows: [1e6], count: 1) }
            #expect(error?.description.hasPrefix("SAE: expected finite activations, found infinities or NaNs") == true)
        }
    }

    private func opened(
        _ folder: TemporarySAE, layout: SparseAutoencoder.Layout? = nil, isLoaded: Bool = true
    ) throws -> SparseAutoencoder {
        try DictionaryFormats.all.open(folder.path).encoder(layout: layout, isLoaded: isLoaded, threads: Threads(2))
    }

    /// Dense activations [count, latents].
    private func dense(_ dictionary: SparseAutoencoder, rows: [Float], count: Int) throws -> [Float] {
        let activations = try rows.withUnsafeBufferPointer {
            try Encoder(dictionary, name: "SAE", threads: Threads(2)).encode($0, selected: Array(0..<count))
        }
        var dense = [Float](repeating: 0, count: count * dictionary.latentCount)
        for row in 0..<count {
            let entries = activations.rowStarts[row]..<activations.rowStarts[row + 1]
            #expect(zip(entries, entries.dropFirst()).allSatisfy { activations.latents[$0] < activations.latents[$1] })
            for entry in entries {
                dense[row * dictionary.latentCount + Int(activations.latents[entry])] = activations.values[entry]
            }
        }
        return dense
    }
}
