import Compute
import Dictionaries

/// What must hold for a dictionary that was opened, of whatever format.
enum DictionaryDemands {
    /// Numbers of a dictionary that is encoded with; larger ones cost time and show nothing more.
    private static let mostNumbers = 1 << 14

    static func check(_ dictionary: LatentDictionary) throws {
        let (latents, width) = (dictionary.latentCount, dictionary.input.width)
        try demand(latents > 0 && width > 0, "a dictionary of \(latents) latents of width \(width)")
        try demand(dictionary.latentNames.map { $0.count == latents } ?? true, "names for other latents")
        // Numbers beyond float32's are refused here only.
        let rows = try accepted { try dictionary.decoderRows([0, latents - 1]) }
        if let rows {
            try demand(rows.map(\.count) == [width, width], "rows of another width")
            try demand(rows.joined().allSatisfy(\.isFinite), "a row that is not finite")
        }
        guard latents <= mostNumbers / width else { return }
        let residual = rows?.first ?? [Float](repeating: 0.5, count: width)
        try checkEncodings(dictionary, residual)
    }

    /// Layouts decide how activations are computed, and never what they are.
    private static func checkEncodings(_ dictionary: LatentDictionary, _ residual: [Float]) throws {
        let ways: [(layout: SparseAutoencoder.Layout?, isLoaded: Bool)] = [
            (.dense, true), (.bounded, true), (nil, false),
        ]
        let found = try ways.map { try encode(residual, dictionary, layout: $0.layout, isLoaded: $0.isLoaded) }
        for activations in found {
            try demand(activations?.latents == found[0]?.latents, "other latents with another layout")
            try demand(
                activations?.values.map(\.bitPattern) == found[0]?.values.map(\.bitPattern),
                "other activations with another layout")
        }
        guard let latents = found[0]?.latents, let values = found[0]?.values else { return }
        try demand(zip(latents, latents.dropFirst()).allSatisfy { $0 < $1 }, "latents out of order")
        try demand(latents.allSatisfy { $0 < dictionary.latentCount }, "a latent that there is not")
        try demand(values.allSatisfy(\.isFinite), "an activation that is not finite")
    }

    /// The activations of one row; nil where the weights or the products are refused.
    private static func encode(
        _ residual: [Float], _ dictionary: LatentDictionary, layout: SparseAutoencoder.Layout?, isLoaded: Bool
    ) throws -> Activations? {
        let threads = Threads(1)
        return try accepted {
            let encoder = try dictionary.encoder(layout: layout, isLoaded: isLoaded, threads: threads)
            try demand(encoder.inputWidth == dictionary.input.width, "an encoder of another width")
            try demand(encoder.latentCount == dictionary.latentCount, "an encoder of other latents")
            return try residual.withUnsafeBufferPointer {
                try Encoder(encoder, name: "fuzzed", threads: threads).encode($0, selected: [0])
            }
        }
    }
}
