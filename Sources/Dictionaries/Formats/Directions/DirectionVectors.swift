import Compute
import Inputs

/// The vectors of a file, each of which has a length and a name.
struct DirectionVectors {
    let names: [String]
    let width: Int
    /// [names.count, width], as stored.
    let values: [Double]

    /// Files beyond this are not made of vectors that somebody named.
    private static let mostVectors = 1 << 16
    private static let mostNumbers = 1 << 28
    private static let longestName = 200

    /// Reads all numbers. Throws `InputError` naming the vector that is wrong.
    init(_ source: DirectionArrays) throws {
        let arrays = source.arrays
        let isMatrix = arrays[0].shape.count == 2
        let (count, width) = isMatrix ? (arrays[0].shape[0], arrays[0].shape[1]) : (arrays.count, arrays[0].shape[0])
        for array in arrays where array.shape.last != width {
            throw InputError(
                array.place, expected: "\(width) numbers, as many as '\(arrays[0].name)' has",
                found: "\(array.shape.last ?? 0)")
        }
        guard (1...Self.mostVectors).contains(count), (1...Self.mostNumbers / count).contains(width) else {
            throw InputError(
                arrays[0].place,
                expected:
                    "1 to \(Self.mostVectors) vectors of at least one number, at most \(Self.mostNumbers) together",
                found: "\(count) of \(width)")
        }
        names = isMatrix ? (0..<count).map { "\(arrays[0].name).\($0)" } : arrays.map(\.name)
        self.width = width
        values = try arrays.flatMap { try $0.doubles() }
        for (index, name) in names.enumerated() { try check(index, isMatrix ? arrays[0] : arrays[index], name) }
    }

    private func check(_ index: Int, _ array: DirectionArray, _ name: String) throws {
        let isPlain = name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
        guard isPlain, !name.isEmpty, name.utf8.count <= Self.longestName else {
            throw InputError(
                array.place, expected: "names of 1 to \(Self.longestName) bytes without control characters",
                found: "\(name.debugDescription)")
        }
        let vector = vector(index)
        guard vector.allSatisfy(\.isFinite) else {
            throw InputError(
                "\(array.place): vector '\(name)'", expected: "finite numbers", found: "infinities or NaNs")
        }
        guard vector.contains(where: { $0 != 0 }) else {
            throw InputError(
                "\(array.place): vector '\(name)'", expected: "a vector with a direction", found: "zeros only")
        }
    }

    /// A vector as stored.
    func vector(_ index: Int) -> ArraySlice<Double> { values[index * width..<(index + 1) * width] }

    /// v/|v|: computed in float64, rounded to float32 once.
    func writeUnit(_ index: Int, into row: UnsafeMutablePointer<Float>) {
        let vector = vector(index)
        let largest = vector.reduce(0) { max($0, abs($1)) }
        // A power of two, which changes no digit, so that squares neither overflow nor vanish.
        let scale = Double(sign: .plus, exponent: Int(min(1023, -largest.exponent)), significand: 1)
        let length = vector.reduce(0) { $0 + ($1 * scale) * ($1 * scale) }.squareRoot()
        for (k, value) in vector.enumerated() { row[k] = Float(value * scale / length) }
    }
}

/// Reads the file again when vectors are needed; it is small.
struct DirectionsReader: DictionaryContents {
    let arrays: DirectionArrays

    /// Always in memory and dense: there are few vectors, and all of them are active.
    func encoder(layout: SparseAutoencoder.Layout?, isLoaded: Bool, threads: Threads) throws -> SparseAutoencoder {
        let vectors = try DirectionVectors(arrays)
        let (count, width) = (vectors.names.count, vectors.width)
        let rows = FloatBuffer(count * width)
        for index in 0..<count { vectors.writeUnit(index, into: rows.pointer + index * width) }
        let packed = PackedMatrix(columns: count, inner: width)
        threads.forEachChunk(of: count, size: PackedMatrix.columnAlignment) { latents, _ in
            packed.set(rows.pointer + latents.lowerBound * width, first: latents.lowerBound, count: latents.count)
        }
        return SparseAutoencoder(
            inputWidth: width, latentCount: count, normalisation: .none, activation: .linear, weights: .dense(packed),
            bias: FloatBuffer(count), inputBias: nil)
    }

    func decoderRows(_ latents: [Int]) throws -> [[Float]] {
        let vectors = try DirectionVectors(arrays)
        return latents.map { vectors.vector($0).map(Float.init) }
    }
}
