import Compute
import Dictionaries
import Foundation

/// Measures the encoding of random rows with a random dictionary, with all products and with bounds, in turn, against
/// what a plain matrix product reaches on the same threads; and compares the outcomes.
public struct EncodeBench {
    /// What is measured.
    public struct Order: Sendable {
        public var latents: Int
        public var width: Int
        /// Active latents of a row: exactly, or about as many by thresholds.
        public var active: Int
        /// Whether thresholds decide, and not the number.
        public var hasThresholds: Bool
        public var rows: Int
        public var threads: Int

        /// Names the sizes.
        public init(latents: Int, width: Int, active: Int, hasThresholds: Bool, rows: Int, threads: Int) {
            (self.latents, self.width, self.active) = (latents, width, active)
            (self.hasThresholds, self.rows, self.threads) = (hasThresholds, rows, threads)
        }
    }

    /// Speeds of one round, in 10^9 floating-point operations of all products a second.
    public struct Round: Sendable {
        public var product: Double
        public var dense: Double
        public var bounded: Double
        /// Whether both gave the same latents and the same bits.
        public var isSame: Bool
        /// Active latents of a row.
        public var active: Double
    }

    private let order: Order
    private let x: FloatBuffer
    private let dense: Encoder
    private let bounded: Encoder
    private let products: ProductBench

    /// Makes rows and dictionary: Gaussian weights, of lengths from 0.5 to 2; rows with a common direction, and dimensions of
    /// which some are much larger than others, as residual streams have them.
    public init(_ order: Order) {
        self.order = order
        let threads = Threads(order.threads)
        products = ProductBench(threads)
        let weights = FloatBuffer(order.latents * order.width)
        let bias = FloatBuffer(order.latents)
        let threshold = FloatBuffer(order.latents)
        threads.forEach(order.latents) { latent, _ in
            var noise = Noise(seed: UInt64(latent))
            let length = exp2(2 * noise.uniform() - 1)
            let row = weights.pointer + latent * order.width
            for k in 0..<order.width { row[k] = noise.gaussian() * length / Float(order.width).squareRoot() }
            bias.pointer[latent] = 0.1 * noise.gaussian()
        }
        x = Self.rows(order)
        let quantile = Self.quantile(share: Double(order.active) / Double(order.latents))
        for latent in 0..<order.latents {
            let row = UnsafeBufferPointer(start: weights.pointer + latent * order.width, count: order.width)
            let norm = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            threshold.pointer[latent] = Float(quantile * norm) + bias.pointer[latent]
        }
        let activation: SparseAutoencoder.Activation =
            order.hasThresholds ? .jumpReLU(threshold: threshold) : .topK(order.active)
        let encoders = [SparseAutoencoder.Layout.dense, .bounded].map { layout in
            Encoder(
                SparseAutoencoder(
                    rows: weights, bias: bias, activation: activation, layout: layout, threads: Threads(order.threads)),
                name: "random dictionary", threads: Threads(order.threads))
        }
        (dense, bounded) = (encoders[0], encoders[1])
    }

    /// Measures everything once.
    public func round() throws -> Round {
        let selected = Array(0..<order.rows)
        let operations = 2 * Double(order.rows) * Double(order.latents) * Double(order.width) / 1e9
        func timed(_ encoder: Encoder) throws -> (Activations, Double) {
            for _ in 0..<5 { products.run() }
            let start = ContinuousClock.now
            let activations = try encoder.encode(UnsafeBufferPointer(x.all), selected: selected)
            return (activations, operations / ((ContinuousClock.now - start) / .seconds(1)))
        }
        let (all, denseSpeed) = try timed(dense)
        let (few, boundedSpeed) = try timed(bounded)
        return Round(
            product: products.takeSpeed(), dense: denseSpeed, bounded: boundedSpeed,
            isSame: all.rowStarts == few.rowStarts && all.latents == few.latents
                && zip(all.values, few.values).allSatisfy { $0.bitPattern == $1.bitPattern },
            active: Double(all.latents.count) / Double(order.rows))
    }

    /// Rows of length √width.
    private static func rows(_ order: Order) -> FloatBuffer {
        let x = FloatBuffer(order.rows * order.width)
        var noise = Noise(seed: 1 << 40)
        let spread = (0..<order.width).map { _ in exp(0.5 * noise.gaussian()) * (noise.uniform() < 0.002 ? 10 : 1) }
        let common = spread.map { 0.5 * $0 * noise.gaussian() }
        for row in 0..<order.rows {
            let start = x.pointer + row * order.width
            var squares: Float = 0
            for k in 0..<order.width {
                start[k] = common[k] + spread[k] * noise.gaussian()
                squares += start[k] * start[k]
            }
            let factor = (Float(order.width) / squares).squareRoot()
            for k in 0..<order.width { start[k] *= factor }
        }
        return x
    }

    /// What a standard normal variable is above with the given probability, by bisection.
    private static func quantile(share: Double) -> Double {
        var (low, high) = (-10.0, 10.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if erfc(middle / 2.0.squareRoot()) / 2 > share { low = middle } else { high = middle }
        }
        return low
    }
}

/// Reproducible random numbers (xorshift64*, Box-Muller).
private struct Noise {
    private var state: UInt64

    init(seed: UInt64) {
        state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15
    }

    mutating func uniform() -> Float {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return Float((state &* 0x2545_F491_4F6C_DD1D) >> 40) * 0x1p-24
    }

    mutating func gaussian() -> Float {
        (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
    }
}
