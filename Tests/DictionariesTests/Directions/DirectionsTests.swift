import Compute
import Dictionaries
import Foundation
import Inputs
import Tensors
import Testing

/// Files of named vectors, and what an encoder makes of them.
@Suite struct DirectionsTests {
    private static let goldens = "\(EncoderGoldenTests.goldens)/directions"
    private static let residual =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path + "/ReferenceTests/Goldens/residual.safetensors"

    private func encoded(
        _ dictionary: LatentDictionary, _ rows: [Float], selected: [Int], threads: Int = 2
    ) throws -> Activations {
        let encoder = Encoder(
            try dictionary.encoder(threads: Threads(threads)), name: "vectors", threads: Threads(threads))
        return try rows.withUnsafeBufferPointer { try encoder.encode($0, selected: selected) }
    }

    /// The projections that scripts/goldens/directions.py computes in float64, relative to the length of the row. A float32
    /// product of 576 terms in blocks of 128 errs by some 1e-7 of that; vectors rounded to float32 by 6e-8 more.
    @Test(
        "real residual rows project on eight vectors as numpy says, however the vectors are stored",
        arguments: ["named-float64.npz", "matrix-float32.npz", "named.safetensors", "matrix.safetensors"])
    func projections(file: String) throws {
        let dictionary = try DictionaryFormats.all.open("\(Self.goldens)/\(file)")
        #expect(dictionary.format == "directions" && dictionary.rule == .linear && dictionary.latentCount == 8)
        let names = try #require(dictionary.latentNames)
        if file.hasPrefix("matrix") {
            #expect(names == (0..<8).map { "vectors.\($0)" })
        } else {
            #expect(names.contains("random, 2") && names.contains("axis") && names == names.sorted())
        }
        let rows = try SafetensorsFile(Self.residual).tensors
        let expected = try SafetensorsFile("\(Self.goldens)/projections.safetensors").tensors
        #expect(expected.count == rows.count && rows.count >= 8)
        let (width, tolerance) = (576, 1e-6)
        var (largest, compared, isWithin) = (0.0, 0, true)
        var means: [String: (found: [Double], wanted: [Double])] = [:]
        for (name, tensor) in rows {
            let (x, wanted) = (try tensor.floats(), try #require(expected[name]).doubles())
            let count = tensor.shape[0]
            let found = try encoded(dictionary, x, selected: Array(0..<count))
            #expect(found.latents == (0..<count).flatMap { _ in (0..<8).map(UInt32.init) })
            try #require(found.values.count == wanted.count)
            var sums = ([Double](repeating: 0, count: 8), [Double](repeating: 0, count: 8))
            for (index, value) in wanted.enumerated() {
                let row = x[index / 8 * width..<(index / 8 + 1) * width]
                let length = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                let difference = abs(Double(found.values[index]) - value) / length
                isWithin = isWithin && difference <= tolerance
                largest = max(largest, difference)
                compared += 1
                // The columns of a job leave the first token out.
                guard index >= 8 else { continue }
                sums.0[index % 8] += Double(found.values[index]) / Double(count - 1)
                sums.1[index % 8] += value / Double(count - 1)
            }
            means[name] = sums
        }
        print("\(file): \(compared) projections, largest difference \(largest) of the row's length")
        #expect(isWithin && compared > 4000)
        try compareChanges(means, file)
    }

    /// Tuned less base, for each prompt and vector: the column delta of a job of that prompt.
    private func compareChanges(_ means: [String: (found: [Double], wanted: [Double])], _ file: String) throws {
        var (largest, isWithin, scale) = (0.0, true, 0.0)
        for (name, tuned) in means where !name.hasPrefix("base/") {
            let base = try #require(means["base/" + (name as NSString).lastPathComponent])
            for vector in 0..<8 {
                let (found, wanted) = (
                    tuned.found[vector] - base.found[vector], tuned.wanted[vector] - base.wanted[vector]
                )
                scale = max(scale, abs(wanted))
                isWithin = isWithin && abs(found - wanted) <= 1e-4
                largest = max(largest, abs(found - wanted))
            }
        }
        print("\(file): largest difference of a delta \(largest), of up to \(scale)")
        #expect(isWithin && scale > 1)
    }

    @Test("the same bits for any number of threads and any rows beside a row; base against itself is zero")
    func bits() throws {
        let dictionary = try DictionaryFormats.all.open("\(Self.goldens)/named-float64.npz")
        let tensor = try #require(SafetensorsFile(Self.residual).tensors["base/open-000"])
        let (x, count) = (try tensor.floats(), tensor.shape[0])
        let together = try encoded(dictionary, x, selected: Array(0..<count), threads: 1)
        #expect(try encoded(dictionary, x, selected: Array(0..<count), threads: 3).values == together.values)
        for row in [0, 7, count - 1] {
            let alone = try encoded(dictionary, x, selected: [row], threads: 2)
            #expect(alone.values == Array(together.values[row * 8..<(row + 1) * 8]))
        }
        #expect(together.values.contains { $0 < 0 } && together.values.contains { $0 > 0 })
    }

    @Test("decoder rows are the vectors as stored, in float32")
    func decoderRows() throws {
        let dictionary = try DictionaryFormats.all.open("\(Self.goldens)/matrix-float32.npz")
        let stored = try #require(SafetensorsFile("\(Self.goldens)/matrix.safetensors").tensors["vectors"]).doubles()
        let rows = try dictionary.decoderRows([7, 2])
        #expect(rows == [7, 2].map { stored[$0 * 576..<($0 + 1) * 576].map(Float.init) })
        #expect(throws: InputError.self) { try dictionary.decoderRows([8]) }
    }

    @Test("latents stand in the order of their names, and a vector's length does not matter")
    func order() throws {
        let file = try TemporaryArrays(["b": [0, 3e-300], "a": [-4e200, 0], "Z": [3, 4]])
        let dictionary = try DictionaryFormats.all.open(file.path)
        #expect(dictionary.latentNames == ["Z", "a", "b"] && dictionary.input.width == 2)
        #expect(try encoded(dictionary, [5, 10], selected: [0]).values == [11, -5, 10])
    }

    @Test("what is no vector is refused by name")
    func refused() throws {
        func refusal(_ arrays: [String: [Double]]) throws -> String? {
            let file = try TemporaryArrays(arrays)
            return #expect(throws: InputError.self) { try DictionaryFormats.all.open(file.path) }?.description
        }
        #expect(
            try refusal(["good": [1, 2], "none": [0, -0.0]])?.contains(
                "none: vector 'none': expected a vector with a direction, found zeros only") == true)
        for value in [Double.nan, .infinity] {
            #expect(
                try refusal(["good": [1, 2], "bad": [value, 2]])?.contains(
                    "bad: vector 'bad': expected finite numbers") == true)
        }
        #expect(
            try refusal(["a": [1, 2], "b": [1]])?.contains("b: expected 2 numbers, as many as 'a' has, found 1")
                == true)
        #expect(try refusal(["a\u{7}": [1, 2]])?.contains("without control characters") == true)
        // The vectors of a dictionary that is no list of vectors are not taken for one.
        let sae = try TemporarySAE(config: [:], tensors: SAELensFormatTests.tensors)
        let text = #expect(throws: InputError.self) {
            try DictionaryFormats.all.open(sae.path + "/sae_weights.safetensors")
        }?.description
        #expect(text?.contains("found a file of another format") == true, "\(text ?? "")")
    }
}
