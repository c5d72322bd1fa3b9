import Kernels
import Models

/// Cosines and sines of rotary position embedding for positions 0 ..< `length`.
///
/// Follows transformers' `modeling_rope_utils.py` step by step in float32, so that angles round as they do there.
final class RotaryTable {
    /// Half the head size: angles per position.
    let half: Int
    private(set) var length = 0
    private var cosines: [Float] = []
    private var sines: [Float] = []
    private let attention: Attention
    private lazy var inverseFrequencies = Self.inverseFrequencies(attention.rotary, size: attention.headSize)

    init(_ attention: Attention) {
        half = attention.headSize / 2
        self.attention = attention
    }

    /// Bytes that a position takes at most: arrays grow to twice what they hold.
    var bytesPerPosition: Int { 2 * 2 * half * MemoryLayout<Float>.stride }

    /// Makes sure that positions below `count` are there.
    func extend(to count: Int) {
        for position in length..<max(length, count) {
            for frequency in inverseFrequencies {
                let angle = Double(frequency * Float(position))
                cosines.append(Float(elementary_cos(angle)))
                sines.append(Float(elementary_sin(angle)))
            }
        }
        length = max(length, count)
    }

    /// Calls `body` with the `half` cosines and sines of each position, as [length, half] tables.
    func withTables<R>(_ body: (_ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>) throws -> R) rethrows
        -> R?
    {
        try cosines.withUnsafeBufferPointer { cosines in
            try sines.withUnsafeBufferPointer { sines in
                guard let cosine = cosines.baseAddress, let sine = sines.baseAddress else { return nil }
                return try body(cosine, sine)
            }
        }
    }

    private static func inverseFrequencies(_ rotary: Rotary, size: Int) -> [Float] {
        let plain = (0..<size / 2).map { index in
            1 / Float(elementary_pow(rotary.theta, Double(Float(2 * index) / Float(size))))
        }
        switch rotary.scaling {
        case .none:
            return plain
        case .linear(let factor):
            return plain.map { $0 / Float(factor) }
        case .frequencyFactors(let factors):
            return zip(plain, factors).map { $0 / $1 }
        case .llama3(let factor, let low, let high, let originalContext):
            return plain.map {
                llama3($0, factor: factor, low: low, high: high, originalContext: Double(originalContext))
            }
        }
    }

    /// Llama 3.1's rule: long waves are slowed by `factor`, short ones kept, those between interpolated.
    private static func llama3(
        _ frequency: Float, factor: Double, low: Double, high: Double, originalContext: Double
    ) -> Float {
        let wavelength = 2 * Float.pi / frequency
        if wavelength < Float(originalContext / high) { return frequency }
        if wavelength > Float(originalContext / low) { return frequency / Float(factor) }
        let smooth = (Float(originalContext) / wavelength - Float(low)) / Float(high - low)
        return (1 - smooth) * frequency / Float(factor) + smooth * frequency
    }
}
