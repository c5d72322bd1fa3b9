import Compute
import Inputs
import TestSupport
import Testing

@testable import Dictionaries

/// Activations that are found through 8-bit bounds against those of all products: the same latents and the same bits, on
/// weights and rows that try to make the bounds wrong or useless.
@Suite struct BoundedEncodingTests {
    /// Weights [latents, width] and rows [rows, width] of one kind.
    enum Kind: CaseIterable {
        case gaussian, outliers, tiny, huge, equalLatents, nearlyEqualLatents, zeros, onGrid, mixedLengths
    }

    static let shapes: [(latents: Int, width: Int, rows: Int)] = [
        (1, 1, 1), (33, 7, 5), (100, 255, 15), (64, 256, 29), (513, 257, 14), (1500, 520, 300),
    ]

    @Test(arguments: Kind.allCases, [0, 1, 2, 3, 4, 5])
    func bitsAreThoseOfAllProducts(kind: Kind, shape: Int) throws {
        let (latents, width, rows) = Self.shapes[shape]
        let data = Data(kind, latents: latents, width: width, rows: rows)
        for (name, activation) in data.activations() {
            for threads in [1, 3] {
                let dense = try data.encode(activation, .dense, threads)
                let bounded = try data.encode(activation, .bounded, threads)
                #expect(dense.rowStarts == bounded.rowStarts, "\(kind) \(name)")
                #expect(dense.latents == bounded.latents, "\(kind) \(name)")
                #expect(dense.values.map(\.bitPattern) == bounded.values.map(\.bitPattern), "\(kind) \(name)")
            }
        }
    }

    /// Bounds made for some rows hold for rows that look nothing like them.
    @Test func boundsHoldForOtherRowsThanTheyWereMadeFor() throws {
        let data = Data(.gaussian, latents: 600, width: 300, rows: 40)
        let encoders = SparseAutoencoder.Layout.allCases.map { data.encoder(.topK(9), $0, 2) }
        let strange = FloatBuffer(40 * 300)
        var random = Random(seed: 5)
        for index in 0..<strange.count { strange.pointer[index] = 1e4 * random.gaussian() + 3e4 }
        for rows in [data.x, strange, data.x] {
            let found = try encoders.map { try $0.encode(UnsafeBufferPointer(rows.all), selected: Array(0..<40)) }
            #expect(found[0].latents == found[1].latents)
            #expect(found[0].values.map(\.bitPattern) == found[1].values.map(\.bitPattern))
        }
    }

    /// A centre so far out that products of lengths overflow, while the rows' own sums do not.
    @Test func boundsHoldFarFromTheCentre() throws {
        let data = Data(.gaussian, latents: 200, width: 70, rows: 20)
        for index in 0..<data.weights.count { data.weights.pointer[index] *= 1e4 }
        let encoders = SparseAutoencoder.Layout.allCases.map { data.encoder(.topK(5), $0, 1) }
        let far = FloatBuffer(data.x.count)
        for index in 0..<far.count { far.pointer[index] = data.x.pointer[index % 70] * 1e33 }
        for rows in [far, data.x] {
            let found = try encoders.map { try $0.encode(UnsafeBufferPointer(rows.all), selected: Array(0..<20)) }
            #expect(found[0].latents == found[1].latents)
            #expect(found[0].values.map(\.bitPattern) == found[1].values.map(\.bitPattern))
        }
    }

    /// A sum that overflows because of its bias is an error either way.
    @Test(arguments: SparseAutoencoder.Layout.allCases)
    func anOverflowingBiasIsAnError(layout: SparseAutoencoder.Layout) {
        let data = Data(.gaussian, latents: 40, width: 20, rows: 3)
        data.bias.pointer[7] = -3.4e38
        for index in 0..<20 { data.weights.pointer[7 * 20 + index] = -1e37 }
        for index in 0..<data.x.count { data.x.pointer[index] = 1 }
        #expect(throws: InputError.self) { try data.encode(.topK(3), layout, 1) }
    }

    /// Where most latents are active nothing can be left out, and the encoder goes over to all products, with some latents
    /// and some rows at a time.
    @Test(arguments: [(800, 50), (40, 50), (800, 4500)]) func denseActivationsStayRight(latents: Int, rows count: Int)
        throws
    {
        let data = Data(.gaussian, latents: latents, width: 64, rows: count)
        let bounded = data.encoder(.relu, .bounded, 2)
        let rows = UnsafeBufferPointer(data.x.all)
        let dense = try data.encode(.relu, .dense, 2)
        for _ in 0..<3 {
            let found = try bounded.encode(rows, selected: Array(0..<count))
            #expect(found.rowStarts == dense.rowStarts)
            #expect(found.latents == dense.latents)
            #expect(found.values.map(\.bitPattern) == dense.values.map(\.bitPattern))
        }
        #expect(bounded.computesAllProducts)
        #expect(try bounded.encode(rows, selected: []).rowStarts == [0])
    }

    /// Sums that overflow are an error either way.
    @Test(arguments: SparseAutoencoder.Layout.allCases)
    func overflowIsAnError(layout: SparseAutoencoder.Layout) {
        let data = Data(.huge, latents: 40, width: 20, rows: 3)
        for index in 0..<data.x.count { data.x.pointer[index] = 3e38 }
        for index in 0..<data.weights.count { data.weights.pointer[index] = 1e30 }
        #expect(throws: InputError.self) { try data.encode(.topK(3), layout, 1) }
    }

    /// Rows, weights and biases of one kind.
    final class Data {
        let (latents, width, rows): (Int, Int, Int)
        let weights: FloatBuffer
        let bias: FloatBuffer
        let x: FloatBuffer

        init(_ kind: Kind, latents: Int, width: Int, rows: Int) {
            (self.latents, self.width, self.rows) = (latents, width, rows)
            weights = FloatBuffer(latents * width)
            bias = FloatBuffer(latents)
            x = FloatBuffer(rows * width)
            var random = Random(seed: UInt64(latents * 31 + width))
            for index in 0..<weights.count { weights.pointer[index] = random.gaussian() }
            for index in 0..<latents { bias.pointer[index] = random.gaussian() }
            for index in 0..<x.count { x.pointer[index] = random.gaussian() }
            change(kind, &random)
        }

        private func change(_ kind: Kind, _ random: inout Random) {
            func scale(_ buffer: FloatBuffer, _ factor: Float) {
                for index in 0..<buffer.count { buffer.pointer[index] *= factor }
            }
            switch kind {
            case .gaussian: break
            case .outliers:
                for row in 0..<rows { x.pointer[row * width + row % 3 % width] *= 4000 }
            case .tiny:
                scale(x, 1e-22)
                scale(weights, 1e-20)
                scale(bias, 1e-37)
            case .huge:
                scale(x, 1e17)
                scale(weights, 1e17)
            case .equalLatents:
                for index in 0..<weights.count { weights.pointer[index] = weights.pointer[index % width] }
                for index in 0..<latents { bias.pointer[index] = 0.5 }
            case .nearlyEqualLatents:
                for index in width..<max(width, weights.count) {
                    weights.pointer[index] = weights.pointer[index % width] * (1 + 1e-7 * random.gaussian())
                }
                for index in 0..<latents { bias.pointer[index] = 0 }
            case .zeros:
                for index in 0..<weights.count where index / width % 2 == 0 { weights.pointer[index] = 0 }
                for index in 0..<x.count where index / width % 2 == 0 { x.pointer[index] = 0 }
            case .onGrid:
                for index in 0..<weights.count { weights.pointer[index] = weights.pointer[index].rounded() }
                for index in 0..<x.count { x.pointer[index] = x.pointer[index].rounded() }
                for index in 0..<latents { bias.pointer[index] = 0 }
            case .mixedLengths:
                for index in 0..<weights.count { weights.pointer[index] *= Float(1 << (index / width % 20)) }
            }
        }

        /// Rules of every kind; thresholds are pre-activations of rows, which are thus not above them.
        func activations() -> [(String, SparseAutoencoder.Activation)] {
            let some = [1, 2, 7, 32, latents].filter { $0 <= latents }
            let (threshold, gate, magnitude) = (FloatBuffer(latents), FloatBuffer(latents), FloatBuffer(latents))
            if let z = try? encode(.relu, .dense, 1) {
                for row in 0..<rows {
                    for entry in z.rowStarts[row]..<z.rowStarts[row + 1] where z.latents[entry] % 7 == row % 7 {
                        threshold.pointer[Int(z.latents[entry])] = z.values[entry]
                    }
                }
            }
            for latent in 0..<latents {
                gate.pointer[latent] = -threshold.pointer[latent]
                magnitude.pointer[latent] = 1.25
            }
            return some.map { ("top \($0)", .topK($0)) } + [
                ("relu", .relu), ("thresholds", .jumpReLU(threshold: threshold)),
                ("gated", .gated(gateBias: gate, magnitude: magnitude, magnitudeBias: bias)),
            ]
        }

        func encoder(
            _ activation: SparseAutoencoder.Activation, _ layout: SparseAutoencoder.Layout, _ threads: Int
        ) -> Encoder {
            Encoder(
                SparseAutoencoder(
                    rows: weights, bias: bias, activation: activation, layout: layout, threads: Threads(threads)),
                name: "SAE", threads: Threads(threads))
        }

        func encode(
            _ activation: SparseAutoencoder.Activation, _ layout: SparseAutoencoder.Layout, _ threads: Int
        ) throws -> Activations {
            try encoder(activation, layout, threads).encode(UnsafeBufferPointer(x.all), selected: Array(0..<rows))
        }
    }

    struct Random {
        private var generator: SeededGenerator

        init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

        /// The sum of twelve uniform numbers, less six.
        mutating func gaussian() -> Float {
            (0..<12).reduce(Float(-6)) { sum, _ in sum + Float(generator.next() >> 40) * 0x1p-24 }
        }
    }
}
